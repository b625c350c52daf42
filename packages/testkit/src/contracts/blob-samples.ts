import {
  blobNameOf,
  later,
  manualExpiration,
  parseObjectId,
  type BlobMetadata,
  type BlobName,
  type Payload,
} from '@holdfast/domain';
import { createCountingIds } from '../counting-ids.js';
import { createManualClock } from '../manual-clock.js';

export { collectPayload as collect } from '../memory-payload.js';

export interface BlobSample {
  readonly name: BlobName;
  readonly metadata: BlobMetadata;
}

/** Makes names that were never used before, with metadata to go with them. */
export function createBlobSamples(): (overrides?: Partial<BlobMetadata>) => BlobSample {
  const clock = createManualClock();
  const ids = createCountingIds(clock);
  const id = parseObjectId({
    usecase: 'contract',
    scopes: [{ name: 'org', value: '17' }],
    key: 'some/key',
  });
  return (overrides) => {
    clock.advance(1);
    const revision = ids.revision();
    const plain = { contentType: 'text/plain', expiration: manualExpiration, custom: new Map() };
    const metadata = { ...plain, revision, timeCreated: clock.now(), ...overrides };
    return { name: blobNameOf(id, revision), metadata };
  };
}

/** A blob whose name and metadata are as long and as odd as they may be. */
export function largestSample(): BlobSample {
  const clock = createManualClock();
  const revision = createCountingIds(clock, 99).revision();
  const id = parseObjectId({
    usecase: 'contract',
    scopes: [{ name: "o_-()$!+'", value: "v_-()$!+'" }],
    key: `../Ünï/🗄/${'ü'.repeat(400)}`,
  });
  const custom = new Map(
    Array.from({ length: 64 }, (_, at) => [`name-${at}`.padEnd(28, '.'), 'é'.repeat(50)] as const),
  );
  const metadata = {
    contentType: 'text/plain; charset=utf-8',
    contentEncoding: 'zstd',
    expiration: { kind: 'tti', ms: 3_600_000 } as const,
    origin: 'ein Ursprung: 東京 🗼',
    fileName: 'Übung "1".txt',
    custom,
    revision,
    timeCreated: clock.now(),
    timeExpires: later(clock.now(), 3_600_000),
  };
  return { name: blobNameOf(id, revision), metadata };
}

/** Bytes in which no stretch looks like another. */
export function sampleBytes(size: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(size);
  let state = seed >>> 0 || 1;
  for (let at = 0; at < size; at += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

export async function* payloadOf(bytes: Uint8Array, chunkBytes = 64 * 1024): Payload {
  for (let at = 0; at < bytes.length; at += chunkBytes)
    yield new Uint8Array(bytes.subarray(at, at + chunkBytes));
}

export interface WatchedPayload {
  readonly payload: Payload;
  /** How often the iterator was returned. */
  returns(): number;
  /** The most chunks that were owed at one time. */
  owedMax(): number;
}

/** Hands out `chunks` and then does what `afterwards` does. */
export function watchPayload(
  chunks: readonly Uint8Array[],
  afterwards: () => Promise<IteratorResult<Uint8Array>>,
): WatchedPayload {
  const left = [...chunks];
  let returns = 0;
  let owed = 0;
  let owedMax = 0;

  async function produce(): Promise<IteratorResult<Uint8Array>> {
    const value = left.shift();
    return value === undefined ? afterwards() : { done: false, value };
  }

  const iterator: AsyncIterator<Uint8Array> = {
    async next() {
      owed += 1;
      owedMax = Math.max(owedMax, owed);
      return produce().finally(() => (owed -= 1));
    },
    async return() {
      returns += 1;
      return { done: true, value: undefined };
    },
  };
  return {
    payload: { [Symbol.asyncIterator]: () => iterator },
    returns: () => returns,
    owedMax: () => owedMax,
  };
}
