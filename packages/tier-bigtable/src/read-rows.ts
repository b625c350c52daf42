import type { google } from '@google-cloud/bigtable/build/protos/protos.js';
import type { AttemptCall } from './repeats.js';
import type { ReadRowsRequest } from './requests.js';
import { createRowMerger, type TableRow } from './row-merger.js';

export type ReadRows = (request: ReadRowsRequest) => Promise<readonly TableRow[]>;

type ReadRowsAnswer = google.bigtable.v2.IReadRowsResponse;

/** Sends one request; `onAnswer` is given each part of what comes back. */
export type StreamRows = (
  request: ReadRowsRequest,
  timeoutMs: number,
  onAnswer: (answer: ReadRowsAnswer) => void,
) => Promise<void>;

/**
 * Reads the rows of some keys, or those of one range. An attempt that was cut off is gone on from where it had come
 * to, so that a range of which one attempt does not see the end is read by several. Bigtable also says how
 * far it has looked where there was nothing to show, as where much was deleted.
 */
export function createReadRows(attemptCall: AttemptCall, stream: StreamRows): ReadRows {
  return async (request) => {
    const merger = createRowMerger();
    let scanned: Buffer = Buffer.alloc(0);

    function take({ chunks, lastScannedRowKey }: ReadRowsAnswer): void {
      for (const chunk of chunks ?? []) merger.add(chunk);
      if (lastScannedRowKey instanceof Uint8Array) scanned = later(scanned, lastScannedRowKey);
    }

    await attemptCall('read', async (timeoutMs) => {
      merger.dropUnfinished();
      const { count, lastKey } = merger.finished();
      const rest = restOf(request, count, later(scanned, lastKey ?? scanned));
      if (rest !== undefined) await stream(rest, timeoutMs, take);
    });
    return merger.rows();
  };
}

function later(left: Buffer, right: Uint8Array): Buffer {
  return left.compare(right) < 0 ? Buffer.from(right) : left;
}

/** What is left of it after `count` rows, when all up to `key` is known; `undefined` for nothing. */
function restOf(request: ReadRowsRequest, count: number, key: Buffer): ReadRowsRequest | undefined {
  const limit = Number(request.rowsLimit ?? 0);
  if (limit > 0 && count >= limit) return undefined;
  if (key.length === 0) return request;
  const rest = limit > 0 ? { rowsLimit: limit - count } : undefined;
  const keys = request.rows?.rowKeys ?? [];
  if (keys.length > 0) {
    const rowKeys = keys.filter((wanted) => key.compare(wanted) < 0);
    return rowKeys.length === 0 ? undefined : { ...request, rows: { rowKeys }, ...rest };
  }
  const { endKeyOpen: end } = request.rows?.rowRanges?.[0] ?? {};
  const hasEnd = end instanceof Uint8Array;
  if (hasEnd && key.compare(end) >= 0) return undefined;
  const range = { startKeyOpen: key, ...(hasEnd ? { endKeyOpen: end } : undefined) };
  return { ...request, rows: { rowRanges: [range] }, ...rest };
}
