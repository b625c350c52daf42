import { singleChunk, type ByteSpan } from '@holdfast/domain';
import { crc32c } from '@node-rs/crc32';
import { cancelled, dataLoss, toPublicError } from '../errors.js';
import type { ObjectInfo } from '../object-info.js';
import type { Progress } from '../put/put-options.js';
import { detached, type Download } from './download.js';

/** A payload that came with its description: most reads of small objects are this, so it is short. */
export function createSmallDownload(
  info: ObjectInfo,
  span: ByteSpan,
  payload: Uint8Array,
  onProgress: ((progress: Progress) => void) | undefined,
): Download {
  let state: 'untouched' | 'taken' | 'cancelled' = 'untouched';
  const take = (): Uint8Array => {
    if (state === 'cancelled') throw toPublicError(cancelled(AbortSignal.abort()));
    if (state === 'taken') throw new TypeError('the payload of a download can be read once');
    state = 'taken';
    if (span.length === info.size && crc32c(payload, 0) !== info.crc32c) {
      throw toPublicError(dataLoss('the bytes received are not the bytes that were written'));
    }
    onProgress?.({ bytes: payload.length, total: span.length });
    return payload;
  };
  return {
    info,
    span,
    body: { [Symbol.asyncIterator]: () => singleChunk(take())[Symbol.asyncIterator]() },
    bytes: async () => detached(take()),
    text: async () => new TextDecoder().decode(take()),
    cancel() {
      state = 'cancelled';
    },
  };
}
