import { hasCode } from '@holdfast/domain';
import { createManualClock } from '@holdfast/testkit';
import assert from 'node:assert/strict';
import { chunkUnitBytes, gcsDefaults } from '../../../packages/tier-gcs/src/options.js';
import { createUploadRooms, type UploadRoom } from '../../../packages/tier-gcs/src/upload-rooms.js';

/** 64 units, of which 16 are for the first parts of others; a part has at most 8. */
const limits = {
  ...gcsDefaults,
  chunkBytes: 8 * chunkUnitBytes,
  bufferBytesMax: 64 * chunkUnitBytes,
  uploadWaitMsMax: 1000,
};

describe('the room of uploads', () => {
  const clock = createManualClock();
  const { signal } = new AbortController();

  /** How many units the next part of an upload gets. */
  function fill(room: UploadRoom): number {
    for (let units = 0; ; units += 1) if (!room.grow(units)) return units;
  }

  it('is enough for two large parts of each while uploads are few', async () => {
    const rooms = createUploadRooms(limits, clock);
    const three = await Promise.all([1, 2, 3].map(() => rooms.enter(signal)));
    for (const room of three) assert.deepEqual([fill(room), fill(room), fill(room)], [8, 8, 0]);
    assert.equal(rooms.takenBytes(), 48 * chunkUnitBytes);
  });

  it('is shared by all, a unit each at least, and never exceeded', async () => {
    const rooms = createUploadRooms(limits, clock);
    const early = await Promise.all([1, 2, 3, 4, 5].map(() => rooms.enter(signal)));
    assert.deepEqual(early.map(fill), [8, 8, 8, 8, 8]);
    const late = await Promise.all(Array.from({ length: 20 }, () => rooms.enter(signal)));
    for (const room of late) assert.equal(fill(room), 1);
    assert.ok(rooms.takenBytes() <= limits.bufferBytesMax);
    for (const room of early) {
      room.giveBack(8);
      assert.equal(fill(room), 1, 'a share is small now');
    }
    assert.equal(rooms.takenBytes(), 25 * chunkUnitBytes);
    for (const room of [...early.slice(1), ...late]) room.leave();
    const [first] = early;
    first?.giveBack(1);
    assert.equal(first === undefined ? 0 : fill(first), 8, 'and large again');
    first?.leave();
    assert.equal(rooms.takenBytes(), 0);
  });

  it('for one part alone is not kept from it while the next one has none', async () => {
    const rooms = createUploadRooms({ ...limits, bufferBytesMax: 8 * chunkUnitBytes }, clock);
    const both = await Promise.all([rooms.enter(signal), rooms.enter(signal)]);
    for (const room of both) assert.deepEqual([fill(room), fill(room)], [3, 0]);
    for (const room of both) {
      room.giveBack(3);
      assert.deepEqual([fill(room), fill(room), fill(room)], [1, 1, 1]);
    }
  });

  it('is waited for, so long in all and by so many', async () => {
    const rooms = createUploadRooms({ ...limits, bufferBytesMax: 2 * chunkUnitBytes }, clock);
    const both = await Promise.all([rooms.enter(signal), rooms.enter(signal)]);
    const patient = rooms.enter(signal);
    both[0]?.leave();
    (await patient).leave();
    await rooms.enter(signal);
    const late = assert.rejects(rooms.enter(signal), (error) => hasCode(error, 'TIER_UNAVAILABLE'));
    // It waits for a unit only when it has had its turn.
    await Promise.resolve();
    await Promise.resolve();
    clock.advance(1001);
    await late;
    const one = createUploadRooms({ ...limits, uploadsMax: 1 }, clock);
    await one.enter(signal);
    const refused = assert.rejects(one.enter(signal), /1 uploads are under way/);
    clock.advance(1001);
    await refused;
  });
});
