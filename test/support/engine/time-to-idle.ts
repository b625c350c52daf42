import {
  DomainError,
  type CallerMetadata,
  type ExpirationPolicy,
  type Timestamp,
} from '@holdfast/domain';
import assert from 'node:assert/strict';
import { beforeNext, failNext, holdNext } from './hold.js';
import { large, small } from './payloads.js';
import { assertReads, unavailable } from './situations.js';
import {
  expiringAfter,
  idOf,
  plainMetadata,
  useStore,
  type OpenTiers,
  type StoreUnderTest,
} from './store-under-test.js';

const id = idOf('idle');
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const idleMs = 8 * hourMs;
/** A quarter of the idle time. */
const debounceMs = 2 * hourMs;
const bytesOf = { small: small(1), large: large(1) } as const;
const sizes = ['small', 'large'] as const;

function idle(ms = idleMs): { readonly metadata: CallerMetadata } {
  return expiring({ kind: 'tti', ms });
}

function expiring(expiration: ExpirationPolicy): { readonly metadata: CallerMetadata } {
  return { metadata: { ...plainMetadata, expiration } };
}

export function describeTimeToIdle(openTiers: OpenTiers): void {
  const store = useStore(openTiers);

  for (const size of sizes) {
    describe(`the time-to-idle of a ${size} object`, () => {
      it('moves with a read only when more than its debounce has gone', async () => {
        const { timeExpires } = await store().store(id, bytesOf[size], idle());
        store().clock.advance(debounceMs);
        await readAndRest(store());
        assert.deepEqual(await expiries(store()), both(size, timeExpires));

        store().clock.advance(1);
        await readAndRest(store());
        const moved = (store().clock.now() + idleMs) as Timestamp;
        assert.deepEqual(await expiries(store()), both(size, moved));

        await readAndRest(store());
        assert.deepEqual(await expiries(store()), both(size, moved));
      });

      it('is debounced by a day at most', async () => {
        await store().store(id, bytesOf[size], idle(30 * dayMs));
        store().clock.advance(dayMs + 1);
        await readAndRest(store());
        const moved = (store().clock.now() + 30 * dayMs) as Timestamp;
        assert.deepEqual(await expiries(store()), both(size, moved));
      });

      it('keeps the object for as long as it is read, and not longer', async () => {
        await store().store(id, bytesOf[size], idle());
        for (let reads = 0; reads < 5; reads += 1) {
          store().clock.advance(idleMs - 1);
          await readAndRest(store());
        }
        store().clock.advance(idleMs);
        await assertReads(store(), id, 'nothing');
        await store().atRest();
        await assertReads(store(), id, 'nothing');
      });

      it('does not move when the object is only described', async () => {
        const { timeExpires } = await store().store(id, bytesOf[size], idle());
        store().clock.advance(idleMs - 1);
        await store().engine.headObject(id);
        await store().atRest();
        assert.deepEqual(await expiries(store()), both(size, timeExpires));
      });

      it('never revives an object that expires before the store hears of the read', async () => {
        await store().store(id, bytesOf[size], idle());
        store().clock.advance(idleMs - 1);
        beforeNext(store().highVolume, 'extend', () => store().clock.advance(1));
        await assertReads(store(), id, size, 1);
        await store().atRest();
        await assertReads(store(), id, 'nothing');
        const row = await store().tiers.highVolume.readHead(id);
        assert(row.kind === 'absent' && row.remains !== undefined);
      });

      it('never touches what was written since the read', async () => {
        await store().store(id, bytesOf[size], idle());
        store().clock.advance(idleMs - 1);
        const extending = holdNext(store().highVolume, 'extend');
        await assertReads(store(), id, size, 1);
        await extending.reached;
        const { timeExpires, revision } = await store().store(id, small(2), expiringAfter(5_000));
        extending.release();
        await store().atRest();
        const row = await store().tiers.highVolume.readHead(id);
        assert(row.kind === 'inline');
        assert.deepEqual(
          [row.metadata.timeExpires, row.metadata.revision],
          [timeExpires, revision],
        );
      });

      it('is never moved backward by a read that was held up', async () => {
        await store().store(id, bytesOf[size], idle());
        store().clock.advance(debounceMs + 1);
        const slow = holdNext(store().highVolume, 'extend');
        await assertReads(store(), id, size, 1);
        await slow.reached;
        store().clock.advance(debounceMs + 1);
        const extended = holdNext(store().highVolume, 'extend', 'after');
        await assertReads(store(), id, size, 1);
        await extended.reached;
        const moved = (store().clock.now() + idleMs) as Timestamp;
        slow.release();
        extended.release();
        await store().atRest();
        assert.deepEqual(await expiries(store()), both(size, moved));
      });

      it('lets the read be answered without waiting for it', async () => {
        await store().store(id, bytesOf[size], idle());
        store().clock.advance(idleMs - 1);
        const extending = holdNext(store().highVolume, 'extend');
        await assertReads(store(), id, size, 1);
        await extending.reached;
        extending.release();
        await store().atRest();
      });

      it('is reported when the row could not be told, and the read is answered', async () => {
        await store().store(id, bytesOf[size], idle());
        store().clock.advance(idleMs - 1);
        const cause = unavailable();
        failNext(store().highVolume, 'extend', cause);
        await assertReads(store(), id, size, 1);
        await store().atRest();
        assert.deepEqual(store().events, [{ kind: 'expiry-not-extended', id, cause }]);
      });
    });
  }

  describe('the time-to-idle in both tiers', () => {
    it('moves in the long-term tier first', async () => {
      const order: string[] = [];
      store().longTerm.hook('extend', { after: () => void order.push('long-term') });
      store().highVolume.hook('extend', { before: () => void order.push('high-volume') });
      await store().store(id, large(1), idle());
      store().clock.advance(idleMs - 1);
      await readAndRest(store());
      assert.deepEqual(order, ['long-term', 'high-volume']);
    });

    for (const when of ['before', 'after'] as const) {
      it(`stays in the row when the long-term tier fails ${when} its effect`, async () => {
        const { timeExpires } = await store().store(id, large(1), idle());
        store().clock.advance(idleMs - 1);
        const cause = new DomainError({ code: 'OUTCOME_UNKNOWN' });
        failNext(store().longTerm, 'extend', cause, when);
        await readAndRest(store());
        assert.equal((await expiries(store())).row, timeExpires);
        assert.deepEqual(store().events, [{ kind: 'expiry-not-extended', id, cause }]);
      });
    }

    it('stays in the row when the blob has gone since it was opened', async () => {
      const { timeExpires } = await store().store(id, large(1), idle());
      store().clock.advance(idleMs - 1);
      beforeNext(store().longTerm, 'extend', async () => {
        const [blob] = (await store().holdings()).blobs;
        await store().tiers.longTerm.remove(blob ?? assert.fail());
      });
      await readAndRest(store());
      const row = await store().tiers.highVolume.readHead(id);
      assert(row.kind === 'tombstone');
      assert.equal(row.metadata.timeExpires, timeExpires);
    });
  });

  describe('any other expiration', () => {
    for (const size of sizes) {
      it(`does not move by being read: ${size}`, async () => {
        let extended = 0;
        store().highVolume.hook('extend', { before: () => void (extended += 1) });
        await store().store(id, bytesOf[size], expiring({ kind: 'ttl', ms: idleMs }));
        store().clock.advance(idleMs - 1);
        await readAndRest(store());
        await store().store(id, bytesOf[size]);
        store().clock.advance(1_000 * dayMs);
        await readAndRest(store());
        assert.equal(extended, 0);
      });
    }
  });
}

async function readAndRest(store: StoreUnderTest): Promise<void> {
  assert.notEqual(await store.fetch(id), undefined);
  await store.atRest();
}

interface Expiries {
  readonly row: Timestamp | undefined;
  readonly blob: Timestamp | undefined;
}

async function expiries(store: StoreUnderTest): Promise<Expiries> {
  const row = await store.tiers.highVolume.readHead(id);
  assert(row.kind !== 'absent');
  if (row.kind === 'inline') return { row: row.metadata.timeExpires, blob: undefined };
  const blob = await store.tiers.longTerm.head(row.blob);
  assert(blob.kind === 'found');
  return { row: row.metadata.timeExpires, blob: blob.metadata.timeExpires };
}

function both(size: (typeof sizes)[number], time: Timestamp | undefined): Expiries {
  return { row: time, blob: size === 'large' ? time : undefined };
}
