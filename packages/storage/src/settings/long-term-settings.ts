import { byteSize, durationMs } from '@holdfast/service-kit';
import { z } from 'zod';
import { bucketLocation, bucketName, projectId } from './resource-names.js';

const second = 1_000;
const minute = 60 * second;
const day = 24 * 60 * minute;
const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;
const gibibyte = 1024 * mebibyte;
/** What Cloud Storage takes chunks of an upload in. */
const chunkUnitBytes = 256 * kibibyte;

const filesystem = z.strictObject({
  /** What is taken where no kind is named. */
  kind: z.literal('filesystem').optional().default('filesystem'),
  /** A directory of its own. */
  directory: z.string().min(1).default('./data/blobs'),
});

const chunkSize = byteSize({ bytesMin: chunkUnitBytes, bytesMax: 64 * mebibyte })
  .refine((bytes) => bytes % chunkUnitBytes === 0)
  .meta({ allowed: 'a multiple of 256 KiB such as "8 MiB", from 256 KiB to 64 MiB' });

/** Cloud Storage keeps what was deleted for no time, or for 7 to 90 days. */
const softDeleteRetentionMs = durationMs({ msMax: 90 * day })
  .refine((ms) => ms === 0 || ms >= 7 * day)
  .meta({ allowed: '0, or a duration from 7 d to 90 d' });

const apiEndpoint = z
  .url({ protocol: /^https?$/ })
  .refine((url) => isWithoutPath(url))
  .meta({ allowed: 'a URL without a path, such as "https://storage.example.com"' });

function isWithoutPath(url: string): boolean {
  const { pathname = '', search = '', hash = '' } = URL.canParse(url) ? new URL(url) : {};
  return pathname + search + hash === '/';
}

const gcs = z
  .strictObject({
    kind: z.literal('gcs'),
    bucket: bucketName(),
    /** Whose project a bucket is made in. Missing: that of the credentials. */
    project: projectId().optional(),
    /** In place of Google's. One of `http:` is asked without credentials. */
    apiEndpoint: apiEndpoint.optional(),
    /** What an upload sends in one request, and less while there are many uploads. */
    chunkSize: chunkSize.default(8 * mebibyte),
    /** What all uploads together hold of their payloads. */
    uploadBufferMax: byteSize({ bytesMin: mebibyte, bytesMax: 16 * gibibyte }).default(
      256 * mebibyte,
    ),
    /** Uploads at once. Further ones wait. */
    uploadsMax: z.int().min(1).max(10_000).default(1_000),
    /** Requests at once, downloads included. Further ones wait. */
    requestsMax: z.int().min(1).max(10_000).default(512),
    /** For a request without a payload, with all its attempts. */
    callMsMax: durationMs({ msMin: 100, msMax: 5 * minute }).default(30 * second),
    /** For one attempt. */
    attemptMsMax: durationMs({ msMin: 100, msMax: 5 * minute }).default(10 * second),
    /** Attempts in a row without progress. */
    attemptsMax: z.int().min(1).max(20).default(6),
    /** A connection on which no byte moves for so long, though some should, is given up. */
    stallMsMax: durationMs({ msMin: 100, msMax: 5 * minute }).default(20 * second),
    /** Where a bucket is made, and stays. Missing: where Cloud Storage makes them, "US". */
    location: bucketLocation().optional(),
    /** For how long the bucket keeps, and bills, what was deleted. */
    softDeleteRetentionMs: softDeleteRetentionMs.default(0),
  })
  .refine(({ attemptMsMax, callMsMax }) => attemptMsMax <= callMsMax, {
    error: 'attemptMsMax must not be above callMsMax',
  })
  .refine(({ chunkSize: chunk, uploadBufferMax }) => chunk <= uploadBufferMax, {
    error: 'chunkSize must not be above uploadBufferMax',
  });

/** Nothing outlives the process. */
const memory = z.strictObject({ kind: z.literal('memory') });

/** There is no such tier: what is no small payload is refused. */
const none = z.strictObject({ kind: z.literal('none') });

/** Large payloads. */
export const longTermSettings = z
  .discriminatedUnion('kind', [filesystem, gcs, memory, none])
  .prefault({});

export type LongTermSettings = z.output<typeof longTermSettings>;
export type GcsSettings = z.output<typeof gcs>;
