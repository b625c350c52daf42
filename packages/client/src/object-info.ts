import type { Duration, object } from '@holdfast/contracts';
import {
  contentTypeDefault,
  manualExpiration,
  noCustomPairs,
  parseCallerMetadata,
  type CallerMetadata,
  type ExpirationPolicy,
} from '@holdfast/domain';
import { brokenContract } from './errors.js';
import type { ObjectId } from './object-id.js';

/** What is said about an object when it is written. What is missing gets its default. */
export interface MetadataInput {
  /** The media type; `application/octet-stream` by default. Never looked at, never guessed. */
  readonly contentType?: string | undefined;
  /** How the payload is encoded, `zstd` say. It is stored and returned as it is, never decoded. */
  readonly contentEncoding?: string | undefined;
  /** When the object goes by itself: `{ kind: 'ttl', ms: 60_000 }`. By default it stays. */
  readonly expiration?: ExpirationPolicy | undefined;
  /** Where the object came from, in your words. */
  readonly origin?: string | undefined;
  /** The file name to suggest on download. */
  readonly fileName?: string | undefined;
  /** Your own pairs, at most 64 with 8 KiB in all. Their order is not kept. */
  readonly custom?: Readonly<Record<string, string>> | ReadonlyMap<string, string> | undefined;
}

/** All that is known of a stored object but its payload. */
export interface ObjectInfo {
  readonly id: ObjectId;
  /** What its writer said about it, with the defaults filled in. Fit to be passed to a put. */
  readonly metadata: CallerMetadata;
  /** Names the write that made this version; never used twice. */
  readonly revision: string;
  /** Bytes of payload. */
  readonly size: number;
  /** CRC32C (Castagnoli) of the whole payload. */
  readonly crc32c: number;
  /** When the write of this version began, by the server's clock. */
  readonly timeCreated: Date;
  /** When this version expires, as far as is known now. Missing: never. */
  readonly timeExpires: Date | undefined;
}

/** Checks the metadata here, so that a wrong one costs no call. Throws `INVALID_METADATA`. */
export function encodeMetadata(input: MetadataInput): object.CallerMetadata {
  const { contentType, contentEncoding, origin, fileName } = input;
  const custom = toMap(input.custom);
  const expiration = input.expiration ?? manualExpiration;
  parseCallerMetadata({
    contentType: contentType ?? contentTypeDefault,
    contentEncoding,
    origin,
    fileName,
    expiration,
    custom,
  });
  return {
    contentType,
    contentEncoding,
    origin,
    fileName,
    expiration: encodeExpiration(expiration),
    custom: Array.from(custom, ([name, value]) => ({ name, value })),
  };
}

export function decodeObjectInfo(info: object.ObjectInfo | undefined): ObjectInfo {
  if (info?.objectId === undefined || info.timeCreated === undefined) {
    throw brokenContract('it says too little of the object');
  }
  return {
    id: info.objectId,
    metadata: decodeMetadata(info.metadata),
    revision: info.revision,
    size: Number(info.size),
    crc32c: info.crc32c,
    timeCreated: info.timeCreated,
    timeExpires: info.timeExpires,
  };
}

function decodeMetadata(metadata: object.CallerMetadata | undefined): CallerMetadata {
  const pairs = metadata?.custom ?? [];
  return {
    contentType: metadata?.contentType ?? contentTypeDefault,
    contentEncoding: metadata?.contentEncoding,
    expiration: decodeExpiration(metadata?.expiration),
    origin: metadata?.origin,
    fileName: metadata?.fileName,
    custom:
      pairs.length === 0 ? noCustomPairs : new Map(pairs.map(({ name, value }) => [name, value])),
  };
}

function toMap(custom: MetadataInput['custom']): ReadonlyMap<string, string> {
  if (custom === undefined) return noCustomPairs;
  return isMap(custom) ? custom : new Map(Object.entries(custom));
}

function isMap(
  custom: Readonly<Record<string, string>> | ReadonlyMap<string, string>,
): custom is ReadonlyMap<string, string> {
  return custom instanceof Map;
}

function encodeExpiration(policy: ExpirationPolicy): object.ExpirationPolicy | undefined {
  switch (policy.kind) {
    case 'manual':
      return undefined;
    case 'ttl':
    case 'tti':
      return { policy: { $case: policy.kind, value: durationOf(policy.ms) } };
  }
}

function decodeExpiration(expiration: object.ExpirationPolicy | undefined): ExpirationPolicy {
  const policy = expiration?.policy;
  if (policy === undefined) return manualExpiration;
  const { seconds, nanos } = policy.value;
  return { kind: policy.$case, ms: Number(seconds) * 1000 + nanos / 1_000_000 };
}

export function durationOf(ms: number): Duration {
  const seconds = Math.floor(ms / 1000);
  return { seconds: BigInt(seconds), nanos: (ms - seconds * 1000) * 1_000_000 };
}
