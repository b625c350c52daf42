import assert from 'node:assert/strict';
import { failNext } from '../../support/engine/hold.js';
import { large, small } from '../../support/engine/payloads.js';
import { arrange, noAnswer, unavailable } from '../../support/engine/situations.js';
import { idOf, useStore, type StoreUnderTest } from '../../support/engine/store-under-test.js';
import { openMemoryTiers } from '../../support/memory-tiers.js';

const id = idOf('intended');
const condition = { kind: 'if-absent' } as const;

interface Mishap {
  readonly what: string;
  readonly strike: (store: StoreUnderTest) => void;
}

const mishaps: readonly Mishap[] = [
  {
    what: 'begin got no answer',
    strike: (store) => failNext(store.highVolume, 'begin', noAnswer(), 'after'),
  },
  {
    what: 'the row could not be read',
    strike: (store) => failNext(store.highVolume, 'readHead', unavailable()),
  },
  {
    what: 'the record failed',
    strike: (store) => failNext(store.changeLog, 'record', unavailable()),
  },
  {
    what: 'the upload failed',
    strike: (store) => failNext(store.longTerm, 'create', unavailable()),
  },
  {
    what: 'the commit failed',
    strike: (store) => failNext(store.highVolume, 'commit', unavailable()),
  },
  {
    what: 'the commit was not sent',
    strike: (store) => failNext(store.highVolume, 'commit', noAnswer()),
  },
];

describe('An intent', () => {
  const store = useStore(openMemoryTiers);

  function intents(): number {
    const rows = [...store().tiers.highVolume.snapshot().values()];
    return rows.reduce((count, row) => count + row.intents.length, 0);
  }

  for (const { what, strike } of mishaps) {
    it(`does not stay in its row when ${what}`, async () => {
      strike(store());
      await assert.rejects(store().put(id, large(), { condition }));
      await store().cleanUp();
      assert.equal(intents(), 0);
      assert.equal(store().tiers.highVolume.snapshot().size, 0, 'not even an empty row stays');
    });

    it(`does not stay where no blob is involved and ${what}`, async () => {
      strike(store());
      await store()
        .put(id, small(), { condition })
        .catch(() => undefined);
      await store().cleanUp();
      assert.equal(intents(), 0);
    });
  }

  it('does not stay when the condition fails', async () => {
    await arrange(store(), id, 'small', 1);
    for (const bytes of [small(2), large(2)]) {
      assert.equal((await store().put(id, bytes, { condition })).kind, 'precondition-failed');
    }
    await store().atRest();
    assert.equal(intents(), 0);
  });

  it('that cannot be taken back is reported, and gone with the next write', async () => {
    await arrange(store(), id, 'small', 1);
    const cause = unavailable();
    failNext(store().highVolume, 'fence', cause);
    await store().put(id, small(2), { condition });
    await store().atRest();
    assert.deepEqual(store().events, [{ kind: 'intent-left', id, cause }]);
    assert.equal(intents(), 1);
    await arrange(store(), id, 'small', 2);
    assert.equal(intents(), 0);
  });
});
