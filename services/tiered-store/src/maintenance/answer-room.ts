import type { Change } from '@holdfast/domain';
import { reasonError } from '@holdfast/rpc';

/**
 * A message carries 2 MiB, and a thousand changes of the longest names would not fit. So what is left
 * of a call when its answer has grown so large is not begun. The entries that are under way by then,
 * and the errors of those that are left, fit into the rest.
 */
const answerBytesMax = 1_500_000;
/** What an entry takes besides names: ids, times, the parts of an object's id, an error. */
const entryBytes = 500;

/** The room that the answer of one call has for changes. */
export interface AnswerRoom {
  /** Throws, with what the caller is told, when there is none left. */
  check(): void;
  /** For the change, and for its blobs once more, of which an outcome is told. */
  take(change: Change): void;
}

export function createAnswerRoom(): AnswerRoom {
  let bytes = 0;
  return {
    check() {
      if (bytes < answerBytesMax) return;
      const why =
        'the answer has room for no more changes: repeat the call with those that are left';
      throw reasonError('AT_CAPACITY', why, { retryAfterMs: 0 });
    },
    take({ objectId, newBlob = '', oldBlob = '' }) {
      const blobsBytes = Buffer.byteLength(newBlob) + Buffer.byteLength(oldBlob);
      bytes += entryBytes + Buffer.byteLength(objectId.path) + 2 * blobsBytes;
    },
  };
}
