import type { IncomingHttpHeaders } from 'node:http';
import { notFound } from './api-error.js';
import type { BucketRecord } from './bucket-resource.js';
import type { GcsFaultAction } from './gcs-types.js';
import type { ObjectRecord } from './object-resource.js';
import { createPayloadWriter, flipFirstBit, type PayloadWriter } from './payload.js';
import type { ParsedRequest } from './request-parse.js';
import type { UploadSession } from './upload-session.js';

/** A bucket with its live objects. */
export interface Bucket {
  record: BucketRecord;
  readonly objects: Map<string, ObjectRecord>;
  /** By their names' UTF-8 bytes; `undefined` when a name came or went since. */
  sorted: readonly ObjectRecord[] | undefined;
}

export interface GcsState {
  readonly clock: { now(): number };
  readonly discardPayloads: boolean;
  readonly listItemsMax: number;
  readonly buckets: Map<string, Bucket>;
  readonly sessions: Map<string, UploadSession>;
  lastGeneration: number;
  openReads: number;
}

/** One request on its way through the server. */
export interface Call extends ParsedRequest {
  readonly state: GcsState;
  /** As it was sent. */
  readonly url: string;
  readonly apiEndpoint: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: AsyncIterable<Uint8Array>;
  readonly fault: GcsFaultAction | undefined;
}

export function bucketOf(call: Call): Bucket {
  const bucket = call.state.buckets.get(call.bucket);
  if (bucket === undefined) throw notFound('The specified bucket does not exist.');
  return bucket;
}

/** Like microseconds since 1970, and never the same twice. */
export function nextGeneration(state: GcsState): string {
  state.lastGeneration = Math.max(state.lastGeneration + 1, state.clock.now() * 1000);
  return String(state.lastGeneration);
}

export function newPayload(state: GcsState): PayloadWriter {
  return createPayloadWriter(state.discardPayloads);
}

/** The bytes of a payload, which a fault may have changed on their way. */
export function payloadBytes(
  call: Call,
  bytes: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Iterable<Uint8Array> | AsyncIterable<Uint8Array> {
  const { fault } = call;
  return fault !== undefined && 'wrongCrc32c' in fault ? flipFirstBit(bytes) : bytes;
}
