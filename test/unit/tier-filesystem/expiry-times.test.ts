import { blobNameOf, parseObjectId, type Timestamp } from '@holdfast/domain';
import { createCountingIds, createManualClock } from '@holdfast/testkit';
import * as fc from 'fast-check';
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  addTime,
  dropTimes,
  forgetTimes,
  readTimes,
} from '../../../packages/tier-filesystem/src/expiry-times.js';
import { layoutOf, placeOf, type BlobPlace } from '../../../packages/tier-filesystem/src/layout.js';

const ids = createCountingIds(createManualClock());
const id = parseObjectId({ usecase: 'test', scopes: [], key: 'blob' });
const at = (time: number): Timestamp => time as Timestamp;

describe('the times that the expiry of a blob was moved to', () => {
  let root: string;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'holdfast-expiry-'));
    await mkdir(layoutOf(root).expiry);
  });

  afterEach(() => rm(root, { recursive: true }));

  const newPlace = (): BlobPlace => placeOf(layoutOf(root), blobNameOf(id, ids.revision()));

  it('are none at first, and then in the order of time', async () => {
    const place = newPlace();
    assert.deepEqual(await readTimes(place), []);
    for (const time of [900, 1000, 20]) await addTime(place, at(time));
    assert.deepEqual(await readTimes(place), [20, 900, 1000]);
    await addTime(place, at(900));
    await dropTimes(place, [at(20), at(5)]);
    assert.deepEqual(await readTimes(place), [900, 1000]);
  });

  it('are forgotten with the blob, and those of another are not', async () => {
    const [place, other] = [newPlace(), newPlace()];
    await addTime(place, at(1));
    await addTime(other, at(2));
    await forgetTimes(place);
    await forgetTimes(place);
    assert.deepEqual([await readTimes(place), await readTimes(other)], [[], [2]]);
  });

  it('are not what else lies there, which stays', async () => {
    const place = newPlace();
    await addTime(place, at(7));
    const strange = ['07', '0x10', '-1', '9999999999999999', 'notes.txt'];
    for (const name of strange) await writeFile(join(place.expiry.path, name), '');
    assert.deepEqual(await readTimes(place), [7]);
    await forgetTimes(place);
    await assert.rejects(rm(place.expiry.path), /is a directory/i);
  });

  /** The steps of one extension, to be taken in any order with those of others. */
  function extension(place: BlobPlace, time: number, answered: number[]): (() => Promise<void>)[] {
    let times: readonly Timestamp[] = [];
    const isLater = (): boolean => time > (times.at(-1) ?? 0);
    return [
      async () => void (times = await readTimes(place)),
      async () => (isLater() ? addTime(place, at(time)) : undefined),
      async () => {
        if (isLater()) await dropTimes(place, times.slice(0, -1));
        answered.push(time);
      },
    ];
  }

  it('have a latest that never goes back, whoever is paused between two steps', async () => {
    const times = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 5 });
    const turns = fc.array(fc.nat({ max: 4 }), { minLength: 15, maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(times, turns, async (asked, order) => {
        const place = newPlace();
        const answered: number[] = [];
        const extensions = asked.map((time) => extension(place, time, answered));
        let latest = 0;
        for (const turn of order) {
          await extensions[turn % extensions.length]?.shift()?.();
          const now = (await readTimes(place)).at(-1) ?? 0;
          assert.ok(
            now >= Math.max(latest, ...answered),
            `${now} after ${latest}, ${answered.join()}`,
          );
          latest = now;
        }
      }),
      { numRuns: 100 },
    );
  });
});
