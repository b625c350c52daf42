import { byteSize, durationMs, hostPort } from '@holdfast/service-kit';
import { z } from 'zod';
import { appProfileId, instanceId, projectId, tableId } from './resource-names.js';

const second = 1_000;
const minute = 60 * second;
const mebibyte = 1024 * 1024;
const gibibyte = 1024 * mebibyte;

const lmdb = z.strictObject({
  /** What is taken where no kind is named. */
  kind: z.literal('lmdb').optional().default('lmdb'),
  /** A directory of its own on a local file system. */
  directory: z.string().min(1).default('./data/rows'),
  /** What rows and small payloads may take in all. */
  sizeMax: byteSize({ bytesMin: 64 * mebibyte }).default(64 * gibibyte),
});

const bigtable = z
  .strictObject({
    kind: z.literal('bigtable'),
    project: projectId(),
    instance: instanceId(),
    table: tableId().default('holdfast'),
    /** It has to route to a single cluster. Missing: the instance's default. */
    appProfile: appProfileId().optional(),
    /** Connections. Each carries about a hundred calls at once. */
    channels: z.int().min(1).max(64).default(6),
    /** For what the store asks of the table, with all its attempts. */
    callMsMax: durationMs({ msMin: 100, msMax: 5 * minute }).default(20 * second),
    /** For one attempt of what may be repeated. */
    attemptMsMax: durationMs({ msMin: 100, msMax: 5 * minute }).default(6 * second),
    /** How often that is attempted. */
    attemptsMax: z.int().min(1).max(20).default(4),
    /** The emulator in place of Bigtable. It keeps nothing when it ends. */
    emulatorHost: hostPort().optional(),
  })
  .refine(({ attemptMsMax, callMsMax }) => attemptMsMax <= callMsMax, {
    error: 'attemptMsMax must not be above callMsMax',
  });

/** Nothing outlives the process. */
const memory = z.strictObject({ kind: z.literal('memory') });

/** Rows, small payloads and the change log. */
export const highVolumeSettings = z
  .discriminatedUnion('kind', [lmdb, bigtable, memory])
  .prefault({});

export type HighVolumeSettings = z.output<typeof highVolumeSettings>;
export type BigtableSettings = z.output<typeof bigtable>;
