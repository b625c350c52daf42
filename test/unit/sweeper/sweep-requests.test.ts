import { DomainError } from '@holdfast/domain';
import { RpcError } from '@holdfast/rpc';
import assert from 'node:assert/strict';
import {
  readReclaimRequest,
  readRequest,
} from '../../../services/sweeper/src/operators/sweep-requests.js';

const none = { entries: undefined, duration: undefined, bytes: undefined };
const ten = { ...none, entries: 10n };
const plain = { dryRun: false, fromStart: false };
const settings = { ageMsMin: 172_800_000, orphansMax: 500 };
const reclaim = { ...plain, limit: ten, minAge: undefined };

/** Fails unless it is refused as an invalid limit; answers the field. */
function refusedField(read: () => unknown): string | undefined {
  let field: string | undefined;
  assert.throws(read, (error) => {
    if (error instanceof DomainError && error.detail.code === 'INVALID_LIMIT') {
      ({ field } = error.detail);
    } else if (error instanceof RpcError && error.reason === 'INVALID_LIMIT') {
      field = error.violations[0]?.field;
    }
    return field !== undefined;
  });
  return field;
}

describe('What an operator asks of a sweep', () => {
  it('is read in full', () => {
    const limit = { entries: 3n, duration: { seconds: 1n, nanos: 1 }, bytes: 5n };
    assert.deepEqual(readRequest('verify-objects', { limit, dryRun: true, fromStart: true }), {
      kind: 'verify-objects',
      limit: { entries: 3, durationMs: 1_001, bytes: 5 },
      dryRun: true,
      fromStart: true,
    });
  });

  it('keeps blobs as young and hands over as many as the settings say where it does not', () => {
    const { ageMsMin, orphansMax } = readReclaimRequest(reclaim, settings);
    assert.deepEqual([ageMsMin, orphansMax], [172_800_000, 500]);
    const minAge = { seconds: 0n, nanos: 0 };
    const said = readReclaimRequest({ ...reclaim, minAge, orphansLimit: 7n }, settings);
    assert.deepEqual([said.ageMsMin, said.orphansMax], [0, 7]);
  });

  for (const [limit, field] of [
    [undefined, 'limit'],
    [none, 'limit'],
    [{ ...none, entries: 0n }, 'limit.entries'],
    [{ ...none, entries: 2n ** 64n - 1n }, 'limit.entries'],
    [{ ...none, bytes: 0n }, 'limit.bytes'],
    [{ ...none, bytes: 2n ** 60n }, 'limit.bytes'],
    [{ ...none, duration: { seconds: 0n, nanos: 0 } }, 'limit.duration'],
    [{ ...none, duration: { seconds: 0n, nanos: 1 } }, 'limit.duration'],
    [{ ...none, duration: { seconds: 0n, nanos: 999_999 } }, 'limit.duration'],
    [{ ...none, duration: { seconds: 0n, nanos: -1 } }, 'limit.duration'],
    [{ ...none, duration: { seconds: -1n, nanos: 0 } }, 'limit.duration'],
    [{ ...none, duration: { seconds: 1n, nanos: -1 } }, 'limit.duration'],
    [{ ...none, duration: { seconds: 86_401n, nanos: 0 } }, 'limit.duration'],
    [{ ...ten, bytes: 0n }, 'limit.bytes'],
  ] as const) {
    const text = JSON.stringify(limit, (_, value: unknown) =>
      typeof value === 'bigint' ? Number(value) : value,
    );
    it(`is refused for ${field} where the limit is ${text ?? 'missing'}`, () => {
      assert.equal(
        refusedField(() => readRequest('expire-objects', { ...plain, limit })),
        field,
      );
    });
  }

  it('is refused for an age that is negative or contradicts itself', () => {
    for (const minAge of [
      { seconds: -1n, nanos: 0 },
      { seconds: 0n, nanos: -900_000 },
      { seconds: 1n, nanos: -5 },
    ]) {
      assert.equal(
        refusedField(() => readReclaimRequest({ ...reclaim, minAge }, settings)),
        'min_age',
      );
    }
  });

  it('is refused for a number of orphans that is none or absurd', () => {
    for (const orphansLimit of [0n, 100_000_001n]) {
      assert.equal(
        refusedField(() => readReclaimRequest({ ...reclaim, orphansLimit }, settings)),
        'orphans_limit',
      );
    }
  });
});
