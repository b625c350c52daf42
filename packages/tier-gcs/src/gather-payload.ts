import { assert, type Checksum, type PayloadUnderWay } from '@holdfast/domain';
import { chunkUnitBytes } from './options.js';
import type { UploadRoom } from './upload-rooms.js';

/** Bytes that have been counted. */
export interface CountedBytes {
  readonly size: number;
  readonly crc32c: number;
}

/** A part of a payload. */
export interface GatheredPart {
  readonly pieces: readonly Uint8Array[];
  readonly bytes: number;
  /** How much room it takes until it is given back. */
  readonly units: number;
  /** The payload up to the end of this part. */
  readonly counted: CountedBytes;
  /** Nothing comes after it. */
  readonly isLast: boolean;
}

export interface Gatherer {
  /**
   * The next part, in whole units but for the last; `undefined` if there is no room for one. It is
   * known to be the last one when it is handed out, so beyond it at most one chunk of the payload is
   * held. One at a time.
   */
  next(): Promise<GatheredPart> | undefined;
  /** What is being gathered ends with the chunk that is owed, and is of no use. */
  stop(): void;
}

/** Smaller chunks are copied together: kept one by one they would take many times their size. */
const smallBytesMax = 4 * 1024;
const blockBytes = 16 * 1024;

export function createGatherer(
  source: PayloadUnderWay,
  room: Pick<UploadRoom, 'grow'>,
  checksum: Checksum,
): Gatherer {
  let rest: Uint8Array | undefined;
  let counted: CountedBytes = { size: 0, crc32c: 0 };
  let isStopped = false;

  async function gather(): Promise<GatheredPart> {
    const pieces = collectPieces();
    let bytes = 0;
    let units = 1;
    const part = (isLast: boolean): GatheredPart => {
      return { pieces: pieces.all, bytes, units, counted, isLast };
    };
    for (;;) {
      const chunk = rest ?? (await source.pull());
      rest = undefined;
      if (chunk === undefined || isStopped) return part(true);
      if (chunk.length === 0) continue;
      if (bytes === units * chunkUnitBytes) {
        if (!room.grow(units)) {
          rest = chunk;
          return part(false);
        }
        units += 1;
      }
      const piece = chunk.subarray(0, units * chunkUnitBytes - bytes);
      if (piece.length < chunk.length) rest = chunk.subarray(piece.length);
      pieces.add(piece);
      bytes += piece.length;
      counted = countFurther(counted, piece, checksum);
    }
  }

  return {
    next: () => (room.grow(0) ? gather() : undefined),
    stop: () => void (isStopped = true),
  };
}

export function countFurther(
  { size, crc32c }: CountedBytes,
  bytes: Uint8Array,
  checksum: Checksum,
): CountedBytes {
  return { size: size + bytes.length, crc32c: checksum.crc32c(bytes, crc32c) };
}

function collectPieces(): { readonly all: readonly Uint8Array[]; add(piece: Uint8Array): void } {
  const all: Uint8Array[] = [];
  let block = new Uint8Array();
  /** The last of the pieces is this stretch of the block, unless it is empty. */
  let start = 0;
  let end = 0;

  function addCopied(piece: Uint8Array): void {
    if (end + piece.length > block.length) {
      block = new Uint8Array(blockBytes);
      start = 0;
      end = 0;
    }
    block.set(piece, end);
    if (end > start) all.pop();
    end += piece.length;
    all.push(block.subarray(start, end));
  }

  return {
    all,
    add(piece) {
      if (piece.length <= smallBytesMax) return addCopied(piece);
      start = end;
      all.push(piece);
    },
  };
}

/** The pieces without their first `bytes`. */
export function withoutFirst(pieces: readonly Uint8Array[], bytes: number): readonly Uint8Array[] {
  let left = bytes;
  const without = pieces.flatMap((piece) => {
    const cut = Math.min(left, piece.length);
    left -= cut;
    return cut === piece.length ? [] : [piece.subarray(cut)];
  });
  assert(left === 0, 'what is left out is there');
  return without;
}
