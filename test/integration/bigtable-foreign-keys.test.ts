import {
  encodeChangeKey,
  parseStoragePrefix,
  type ChangeId,
  type StoragePath,
} from '@holdfast/domain';
import { createRowFixtures, type RowFixtures } from '@holdfast/testkit';
import assert from 'node:assert/strict';
import { setCell } from '../../packages/tier-bigtable/src/mutations.js';
import { requireBigtableEmulator } from '../support/bigtable-emulator.js';
import {
  openTemporaryBigtableStore,
  type TemporaryBigtableStore,
} from '../support/bigtable-store.js';

/** More calls than the pages that any of these listings has. */
const callsMax = 100;

describe('a Bigtable store with keys that are none of its own', () => {
  let store: TemporaryBigtableStore;
  let make: RowFixtures;

  before(function () {
    requireBigtableEmulator(this);
  });
  beforeEach(async () => {
    store = await openTemporaryBigtableStore();
    make = createRowFixtures(store.clock);
  });
  afterEach(() => store?.close());

  function putForeign(key: Uint8Array): Promise<void> {
    const cell = { familyName: 'm', columnQualifier: Buffer.from('h'), timestampMicros: 0 };
    return store.tamper(key, [setCell({ ...cell, value: Buffer.of(1, 2, 3) })]);
  }

  async function putObjects(): Promise<string[]> {
    const ids = ['b', 'd', 'f'].map((key) => make.id(key, 'list'));
    for (const id of ids) await store.highVolumeTier.putInline(id, make.inline('x'));
    return ids.map(({ path }) => path);
  }

  const foreignPaths = ['list/objects', 'list/objects/', 'list/objects/c\u0001', 'list/none'];

  async function putForeignPaths(): Promise<void> {
    for (const path of foreignPaths) await putForeign(Buffer.from(`o/${path}`));
    await putForeign(Buffer.concat([Buffer.from('o/list/objects/c'), Buffer.of(0xff)]));
    // Before and after all objects: nothing of ours looks there.
    for (const key of ['a', 'o', 'o0', 'zz']) await putForeign(Buffer.from(key));
  }

  for (const limit of [1, 2, 3, 100]) {
    it(`lists all objects past them and names each of them once, ${limit} a page`, async () => {
      const paths = await putObjects();
      await putForeignPaths();
      const seen: string[] = [];
      const undecided: string[] = [];
      let after: StoragePath | undefined;
      const prefix = parseStoragePrefix({ usecase: 'list', scopes: [] });
      for (let call = 0; call < callsMax; call += 1) {
        const page = await store.highVolumeTier.list(prefix, after, limit);
        assert.ok(page.objects.length <= limit);
        seen.push(...page.objects.map(({ id }) => id.path));
        undecided.push(...page.undecided);
        after = page.next;
        if (after === undefined) break;
      }
      assert.deepEqual(seen, paths);
      const bytes = Buffer.concat([Buffer.from('list/objects/c'), Buffer.of(0xff)]);
      const named = undecided.toSorted();
      const controls = 'list/objects/c\u0001';
      const shown = foreignPaths.map((path) =>
        path === controls ? `key 0x${Buffer.from(path).toString('hex')}` : path,
      );
      assert.deepEqual(named, [...shown, `key 0x${bytes.toString('hex')}`].toSorted());
    });
  }

  for (const examinedMax of [1, 5, 16, 40, 1_000]) {
    it(`lists all changes past them and names each of them once, ${examinedMax} a page`, async () => {
      const changes = Array.from({ length: 40 }, () => ({
        changeId: make.changeId(),
        objectId: make.id(),
        deadline: store.clock.now(),
      }));
      await Promise.all(changes.map((change) => store.changeLog.record(change)));
      const foreign = await putForeignChanges(changes.map(({ changeId }) => changeId));
      const seen: ChangeId[] = [];
      const undecided: string[] = [];
      let after: ChangeId | undefined;
      for (let call = 0; call < callsMax; call += 1) {
        const page = await store.changeLog.list({ after, examinedMax });
        assert.ok(page.changes.length <= examinedMax);
        seen.push(...page.changes.map(({ changeId }) => changeId));
        undecided.push(...page.undecided);
        after = page.next;
        if (after === undefined) break;
      }
      assert.deepEqual(
        seen,
        changes.map(({ changeId }) => changeId),
      );
      assert.deepEqual(undecided.toSorted(), foreign.toSorted());
    });
  }

  /** Keys that are cut off, too long, or of another shard than the one they are in. */
  async function putForeignChanges(changeIds: readonly ChangeId[]): Promise<string[]> {
    const keys = changeIds.slice(0, 12).flatMap((changeId, index) => {
      const key = Buffer.from(encodeChangeKey(changeId));
      const shard = (index % 16).toString(16);
      const others = [key.subarray(0, 15), Buffer.concat([key, Buffer.of(0xff)])];
      if (!changeId.endsWith(shard)) others.push(key);
      return others.map((other) => ({ shard, other }));
    });
    for (const { shard, other } of keys) {
      await putForeign(Buffer.concat([Buffer.from(`c/${shard}/`), other]));
    }
    return keys.map(({ other }) => `key 0x${other.toString('hex')}`);
  }
});
