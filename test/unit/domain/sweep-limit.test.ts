import { limits, parseSweepLimit, type SweepLimit } from '@holdfast/domain';
import assert from 'node:assert/strict';
import { isFull, roomLeft } from '../../../packages/domain/src/sweep/sweep-budget.js';

const { sweepBytesMax, sweepDurationMsMax, sweepEntriesMax, orphansPerRunMax } = limits;
const request = { kind: 'reclaim-orphans', limit: {}, dryRun: false, fromStart: false } as const;
const nothing = { entries: 0, ms: 0, bytes: 0, removed: 0 };

describe('The limit of a sweep', () => {
  it('takes any part alone, and each up to its maximum', () => {
    for (const limit of [
      { entries: 1 },
      { durationMs: 1 },
      { bytes: 1 },
      { entries: sweepEntriesMax, durationMs: sweepDurationMsMax, bytes: sweepBytesMax },
    ]) {
      const { entries, durationMs, bytes } = parseSweepLimit(limit);
      assert.deepEqual({ entries, durationMs, bytes }, { ...parts(limit) });
    }
  });

  it('is refused when it limits nothing', () => {
    assert.throws(() => parseSweepLimit({}), {
      code: 'INVALID_LIMIT',
      message: /^limit: must set/,
    });
  });

  const fields = { entries: 'limit.entries', durationMs: 'limit.duration', bytes: 'limit.bytes' };
  const maxima = { entries: sweepEntriesMax, durationMs: sweepDurationMsMax, bytes: sweepBytesMax };
  for (const part of ['entries', 'durationMs', 'bytes'] as const) {
    for (const wrong of [0, -1, 0.5, Number.NaN, Infinity, maxima[part] + 1]) {
      it(`is refused with ${wrong} as ${fields[part]}, which is named`, () => {
        const limit = { entries: 1, [part]: wrong };
        assert.throws(
          () => parseSweepLimit(limit),
          (error) => {
            assert(error instanceof Error);
            assert.match(error.message, new RegExp(`^${fields[part]}: must be a whole number`));
            return error.message.includes(`given ${wrong}`);
          },
        );
      });
    }
  }
});

describe('The room of a sweep', () => {
  it('is what is left of each part of the limit, and never less than nothing', () => {
    const limit = { entries: 10, durationMs: 20, bytes: 30 };
    const spent = { entries: 3, ms: 4, bytes: 31, removed: 2 };
    const room = roomLeft({ ...request, limit, orphansMax: 5 }, spent);
    assert.deepEqual(room, { entries: 7, ms: 16, bytes: 0, orphans: 3 });
  });

  it('has an end in any case', () => {
    const room = roomLeft({ ...request, limit: { bytes: 1 } }, nothing);
    assert.deepEqual([room.entries, room.orphans], [sweepEntriesMax, orphansPerRunMax]);
  });

  it('knows of a limit for orphans where there are orphans', () => {
    const other = { ...request, kind: 'recover-changes', limit: { entries: 1 } } as const;
    assert.equal(roomLeft(other, { ...nothing, removed: 1_000_000 }).orphans, Infinity);
  });

  it('is full when any part of it is', () => {
    const room = { entries: 1, ms: 1, bytes: 1, orphans: 1 };
    assert.equal(isFull(room), false);
    for (const part of ['entries', 'ms', 'bytes', 'orphans']) {
      assert.equal(isFull({ ...room, [part]: 0 }), true);
    }
  });
});

function parts({ entries, durationMs, bytes }: SweepLimit): SweepLimit {
  return { entries, durationMs, bytes };
}
