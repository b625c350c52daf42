import { assert } from '../assert.js';
import { DomainError, hasCode } from '../errors.js';
import type { EngineParts } from '../engine/engine-parts.js';
import { tombstoneReadsMax } from '../limits.js';
import type { ObjectId } from '../object-id.js';
import { namedBlob, type InlineRow, type TombstoneRow } from '../row.js';
import {
  damagedAs,
  differs,
  missing,
  undecided,
  type ReadBudget,
  type Verdict,
} from './verify-verdict.js';
import type { PartlyVerified } from './verify-token.js';

/**
 * Compares what is stored of one object with what was written.
 *
 * 1. Read the row. Without a live object there is nothing to compare.
 * 2. Inline: compare the payload that came with it.
 * 3. Tombstone: look at the blob's own description, then read on in its payload for as long as there
 *    are bytes and time left, and compare at its end.
 * 4. If there is no such blob, read the row again: it may have been replaced meanwhile. A row that
 *    still names it dangles.
 *
 * `from` counts only for the revision that it was noted for. Nothing is changed, no expiry moves.
 */
export async function verifyObject(
  engine: EngineParts,
  id: ObjectId,
  from: PartlyVerified | undefined,
  budget: ReadBudget,
): Promise<Verdict> {
  try {
    for (let reads = 0; reads < tombstoneReadsMax; reads += 1) {
      const row = await engine.highVolume.read(id);
      if (row.kind === 'absent') return { kind: 'absent' };
      if (row.kind === 'inline') return verifyInline(engine, row, budget);
      const verdict = await verifyBlob(engine, row, from, budget);
      if (verdict !== undefined) return verdict;
      const again = await engine.highVolume.readHead(id);
      if (again.kind === 'tombstone' && namedBlob(again) === row.blob) return missing(row);
    }
    return undecided('it was replaced faster than it could be read');
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return undecided(error.message);
  }
}

function verifyInline(engine: EngineParts, row: InlineRow, budget: ReadBudget): Verdict {
  const { metadata, payload } = row;
  budget.take(payload.length);
  if (payload.length !== metadata.size) {
    return differs(row, 'wrong-size', metadata.size, payload.length);
  }
  const crc32c = engine.checksum.crc32c(payload, 0);
  if (crc32c !== metadata.crc32c) return differs(row, 'wrong-checksum', metadata.crc32c, crc32c);
  return { kind: 'sound' };
}

/** `undefined` when there is no such blob. */
async function verifyBlob(
  engine: EngineParts,
  row: TombstoneRow,
  from: PartlyVerified | undefined,
  budget: ReadBudget,
): Promise<Verdict | undefined> {
  const { blob, metadata } = row;
  try {
    const head = await engine.longTerm.head(blob);
    if (head.kind === 'absent') return undefined;
    const { size, crc32c } = head.metadata;
    if (size !== metadata.size) return differs(row, 'wrong-size', metadata.size, size);
    if (crc32c !== metadata.crc32c) {
      return differs(row, 'wrong-checksum', metadata.crc32c, crc32c);
    }
    const { revision } = metadata;
    const known = from?.revision === revision ? from : { revision, offset: 0, crc32c: 0 };
    return await readOn(engine, row, known, budget);
  } catch (error) {
    if (hasCode(error, 'CHECKSUM_MISMATCH')) return damagedAs(row, error);
    throw error;
  }
}

async function readOn(
  engine: EngineParts,
  row: TombstoneRow,
  from: PartlyVerified,
  budget: ReadBudget,
): Promise<Verdict | undefined> {
  const { size, crc32c: expected } = row.metadata;
  const length = Math.min(size - from.offset, budget.bytesLeft());
  assert(length > 0 || from.offset === size, 'reading goes on only with bytes left');
  let { offset, crc32c } = from;
  try {
    const span = { offset, length };
    const read = await engine.longTerm.read(row.blob, span, budget.signal);
    if (read.kind === 'absent') return undefined;
    for await (const chunk of read.payload) {
      crc32c = engine.checksum.crc32c(chunk, crc32c);
      offset += chunk.length;
      budget.take(chunk.length);
      if (budget.isOver()) break;
    }
  } catch (error) {
    // The bytes before are compared already, and need not be read again.
    if (!hasCode(error, 'CANCELLED') || !budget.signal.aborted) throw error;
  }
  if (offset < size) return { kind: 'unfinished', known: { ...from, offset, crc32c } };
  return crc32c === expected ? { kind: 'sound' } : differs(row, 'wrong-checksum', expected, crc32c);
}
