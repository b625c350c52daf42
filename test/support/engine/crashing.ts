import { limits, type ChangeLog, type HighVolumeTier, type LongTermTier } from '@holdfast/domain';
import assert from 'node:assert/strict';
import { holdNext, type HeldCall } from './hold.js';
import { large } from './payloads.js';
import { arrange, assertReads, bytesOf, type Content } from './situations.js';
import { idOf, useStore, type OpenTiers, type StoreUnderTest } from './store-under-test.js';

const id = idOf('crashed');

type Place =
  | { readonly on: 'highVolume'; readonly method: keyof Pick<HighVolumeTier, 'begin' | 'commit'> }
  | { readonly on: 'changeLog'; readonly method: keyof Pick<ChangeLog, 'record'> }
  | { readonly on: 'longTerm'; readonly method: keyof Pick<LongTermTier, 'create'> };

const places: readonly Place[] = [
  { on: 'highVolume', method: 'begin' },
  { on: 'changeLog', method: 'record' },
  { on: 'longTerm', method: 'create' },
  { on: 'highVolume', method: 'commit' },
];
const sweep = { examinedMax: 100 };

/** The writer stands still for good, or so it seems, while another process cleans up after it. */
export function describeCrashing(openTiers: OpenTiers): void {
  describe('a writer that crashes or is paused', () => {
    const store = useStore(openTiers);

    for (const place of places) {
      for (const when of ['before', 'after'] as const) {
        for (const content of ['large', 'small', 'nothing'] as const) {
          if (place.on === 'longTerm' && content !== 'large') continue;
          const name = `${when} its ${place.method} (${content} over large)`;

          it(`is cleaned up after ${name}, and comes back without harm`, async () => {
            await arrange(store(), id, 'large', 1);
            const held = hold(store(), place, when);
            const writing = write(store(), content);
            await held.reached;

            await recover(store());
            const committed = place.method === 'commit' && when === 'after';
            const survivor = committed ? content : 'large';
            const seed = committed ? 2 : 1;
            await assertReads(store(), id, survivor, seed);
            await assertNothingNeedless(store(), survivor);

            held.release();
            const answer = await writing;
            await store().atRest();
            await recover(store());
            const done = answer === 'stored' || answer === 'deleted';
            await assertReads(store(), id, done ? content : 'large', done ? 2 : 1);
            await assertNothingNeedless(store(), done ? content : 'large');
            assert(done || answer === 'fenced', answer);
          });
        }
      }
    }

    it('is left alone while its deadline has not come', async () => {
      const held = holdNext(store().highVolume, 'commit');
      const writing = store().put(id, large());
      await held.reached;
      const other = store().anotherEngine();
      assert.equal((await other.recoverChanges(sweep)).settled, 0);
      const [blob] = (await store().holdings()).blobs;
      assert(blob !== undefined);
      const kept = { kind: 'owned-by-change', size: undefined };
      assert.deepEqual(await other.reclaimBlob({ blob }), kept);
      held.release();
      assert.equal((await writing).kind, 'stored');
      await assertReads(store(), id, 'large');
    });
  });
}

function hold(store: StoreUnderTest, place: Place, when: 'before' | 'after'): HeldCall {
  switch (place.on) {
    case 'highVolume':
      return holdNext(store.highVolume, place.method, when);
    case 'changeLog':
      return holdNext(store.changeLog, place.method, when);
    case 'longTerm':
      return holdNext(store.longTerm, place.method, when);
  }
}

/** What the writer was answered, an error by its code. */
async function write(store: StoreUnderTest, content: Content): Promise<string> {
  const bytes = bytesOf(content, 2);
  const outcome = await (bytes === undefined
    ? store.engine.deleteObject({ id })
    : store.put(id, bytes));
  return outcome.kind;
}

/**
 * What the sweeps of another process do once the writer's time is over: the first time they see what
 * nothing names, and once its readers have had their time they delete it.
 */
async function recover(store: StoreUnderTest): Promise<void> {
  store.clock.advance(Math.max(limits.changeDeadlineMs, limits.orphanAgeMsMin));
  const other = store.anotherEngine();
  for (let times = 0; times < 2; times += 1) {
    assert.deepEqual((await other.recoverChanges(sweep)).failed, []);
    assert.deepEqual((await other.reclaimOrphans(sweep)).failed, []);
    store.clock.advance(limits.readerGraceMs);
  }
}

async function assertNothingNeedless(store: StoreUnderTest, content: Content): Promise<void> {
  const { blobs, changes } = await store.holdings();
  const row = await store.tiers.highVolume.readHead(id);
  assert.deepEqual(blobs, row.kind === 'tombstone' ? [row.blob] : []);
  assert.equal(blobs.length, content === 'large' ? 1 : 0);
  assert.deepEqual(changes, []);
}
