import type { Checksum, Clock } from '@holdfast/domain';
import type { Credentials } from './credentials.js';

const KiB = 1024;
const MiB = 1024 * KiB;

/** What Cloud Storage takes in the middle of an upload is a multiple of this. */
export const chunkUnitBytes = 256 * KiB;

export interface GcsLimits {
  /** An upload sends so much in one request, and less when there are many uploads. */
  readonly chunkBytes: number;
  /** What all uploads together hold of their payloads. */
  readonly bufferBytesMax: number;
  readonly uploadsMax: number;
  /** How long an upload may wait for its turn. */
  readonly uploadWaitMsMax: number;
  /** Requests at once, downloads included. */
  readonly requestsMax: number;
  /** One attempt at a request, from the first byte sent to the last of a plain answer. */
  readonly attemptMsMax: number;
  /** A request with all its attempts, the pauses between them included. */
  readonly callMsMax: number;
  /** A connection on which nothing moves, though something should, is given up. */
  readonly stallMsMax: number;
  /** A body may be sent no slower than this, whatever moves. */
  readonly bytesPerSecondMin: number;
  /** Attempts in a row without progress. */
  readonly attemptsMax: number;
  readonly retryDelayMs: number;
  readonly retryDelayMsMax: number;
}

export interface GcsOptions extends Partial<GcsLimits> {
  readonly bucket: string;
  /** Only to create the bucket; found with the credentials if not given. */
  readonly projectId?: string | undefined;
  /** `https://storage.googleapis.com` if not given. One with `http:` is asked without credentials. */
  readonly apiEndpoint?: string | undefined;
}

export interface GcsDependencies {
  readonly clock: Clock;
  readonly checksum: Checksum;
  /** From 0 to below 1; spreads the attempts of those who failed together. */
  readonly random?: (() => number) | undefined;
  /** Application Default Credentials if not given. */
  readonly credentials?: Credentials | undefined;
}

export const gcsDefaults: GcsLimits & { readonly apiEndpoint: string } = {
  apiEndpoint: 'https://storage.googleapis.com',
  chunkBytes: 8 * MiB,
  bufferBytesMax: 256 * MiB,
  uploadsMax: 1_000,
  uploadWaitMsMax: 30_000,
  requestsMax: 512,
  attemptMsMax: 10_000,
  callMsMax: 30_000,
  stallMsMax: 20_000,
  bytesPerSecondMin: 64 * KiB,
  attemptsMax: 6,
  retryDelayMs: 100,
  retryDelayMsMax: 5_000,
};

/** Throws a `RangeError` for what no configuration that was checked could hold. */
export function limitsOf(options: GcsOptions): GcsLimits {
  const limits = { ...gcsDefaults, ...withoutUndefined(options) };
  for (const name of limitNames) {
    const value = limits[name];
    if (Number.isSafeInteger(value) && value > 0) continue;
    throw new RangeError(`${name} must be a whole number above 0; given ${value}`);
  }
  if (limits.chunkBytes % chunkUnitBytes !== 0) {
    throw new RangeError(`chunkBytes must be a multiple of ${chunkUnitBytes}`);
  }
  if (limits.bufferBytesMax >= limits.chunkBytes) return limits;
  throw new RangeError('bufferBytesMax must not be below chunkBytes');
}

const limitNames = [
  'chunkBytes',
  'bufferBytesMax',
  'uploadsMax',
  'uploadWaitMsMax',
  'requestsMax',
  'attemptMsMax',
  'callMsMax',
  'stallMsMax',
  'bytesPerSecondMin',
  'attemptsMax',
  'retryDelayMs',
  'retryDelayMsMax',
] as const satisfies readonly (keyof GcsLimits)[];

function withoutUndefined(options: GcsOptions): Partial<GcsLimits> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
