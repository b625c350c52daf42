import {
  blobNameOf,
  hasCode,
  later,
  revisionOf,
  type Change,
  type ChangeId,
  type ChangeLog,
  type ChangeQuery,
} from '@holdfast/domain';
import assert from 'node:assert/strict';
import { createManualClock } from '../manual-clock.js';
import { createRowFixtures, plain } from './row-fixtures.js';

/** A fresh, empty change log and what a test needs to control about it. */
export interface ChangeLogUnderTest {
  readonly log: ChangeLog;
  /** Replaces the entry by bytes that no version of ours has written. */
  damage(changeId: ChangeId): Promise<void>;
  close(): Promise<void>;
}

/** Far more pages than any listing here has, so that one that never ends fails. */
const pagesMax = 1_000;

/** Registers the tests that every implementation of the port `ChangeLog` passes. */
export function describeChangeLog(name: string, open: () => Promise<ChangeLogUnderTest>): void {
  describe(`${name} as a change log`, () => {
    const clock = createManualClock();
    const make = createRowFixtures(clock);
    let current: ChangeLogUnderTest | undefined;

    beforeEach(async () => {
      current = await open();
    });
    afterEach(() => current?.close());

    function log(): ChangeLog {
      assert.ok(current);
      return current.log;
    }

    function newChange(overrides: Partial<Change> = {}): Change {
      const changeId = make.changeId();
      const objectId = make.id();
      const newBlob = blobNameOf(objectId, revisionOf(changeId));
      return { changeId, objectId, newBlob, deadline: later(clock.now(), 1_000), ...overrides };
    }

    async function recorded(count: number): Promise<Change[]> {
      const changes = Array.from({ length: count }, () => newChange());
      await Promise.all(changes.map((change) => log().record(change)));
      return changes;
    }

    it('has nothing at first', async () => {
      assert.equal(await log().get(make.changeId()), undefined);
      assert.deepEqual(plain(await log().list({ examinedMax: 10 })), {
        changes: [],
        undecided: [],
      });
    });

    it('gives back what was recorded, with either blob, both or none', async () => {
      const objectId = make.id('a/b \u{1f600} 100%/objects/.', 'log', [
        { name: 'o', value: "(1)$!+'" },
      ]);
      const blob = blobNameOf(objectId, make.revision());
      const other = blobNameOf(objectId, make.revision());
      for (const blobs of [
        {},
        { newBlob: blob },
        { oldBlob: blob },
        { newBlob: blob, oldBlob: other },
      ]) {
        const changeId = make.changeId();
        const change = { changeId, objectId, ...blobs, deadline: later(clock.now(), 5) };
        await log().record(change);
        assert.deepEqual(plain(await log().get(changeId)), plain(change));
      }
    });

    it('keeps one entry for a change that is recorded twice, the later one', async () => {
      const first = newChange();
      const second = { ...first, oldBlob: blobNameOf(first.objectId, make.revision()) };
      await log().record(first);
      await log().record(first);
      assert.deepEqual(plain(await listAll(log(), {})), plain([first]));
      await log().record(second);
      assert.deepEqual(plain(await listAll(log(), {})), plain([second]));
    });

    it('forgets what was removed, as often as it is removed', async () => {
      const [first, second] = await recorded(2);
      assert.ok(first !== undefined && second !== undefined);
      await log().remove(first.changeId);
      await log().remove(first.changeId);
      assert.equal(await log().get(first.changeId), undefined);
      assert.deepEqual(plain(await listAll(log(), {})), plain([second]));
    });

    it('removes what was never recorded without complaint', async () => {
      await log().remove(make.changeId());
    });

    it('moves a deadline forward and changes nothing else', async () => {
      const [change] = await recorded(1);
      assert.ok(change);
      const deadline = later(change.deadline, 1);
      assert.equal(await log().defer(change.changeId, deadline), 'deferred');
      assert.deepEqual(plain(await log().get(change.changeId)), plain({ ...change, deadline }));
    });

    it('never moves a deadline backward', async () => {
      const [change] = await recorded(1);
      assert.ok(change);
      const earlier = later(change.deadline, -1);
      assert.equal(await log().defer(change.changeId, earlier), 'deferred');
      assert.deepEqual(plain(await log().get(change.changeId)), plain(change));
    });

    it('does not bring a settled change back by deferring it', async () => {
      const [change] = await recorded(1);
      assert.ok(change);
      await log().remove(change.changeId);
      assert.equal(await log().defer(change.changeId, later(change.deadline, 1)), 'absent');
      assert.equal(await log().get(change.changeId), undefined);
    });

    it('lists oldest first, by the order of ids and not of arrival', async () => {
      const changes = Array.from({ length: 30 }, () => newChange());
      for (const change of changes.toReversed()) await log().record(change);
      for (const examinedMax of [1, 7, 29, 30, 31]) {
        assert.deepEqual(plain(await listAll(log(), {}, examinedMax)), plain(changes));
      }
    });

    it('lists what is due at an instant, the instant included', async () => {
      const times = [0, 1, 2, 3].map((ms) => later(clock.now(), ms));
      const changes = times.toReversed().map((deadline) => newChange({ deadline }));
      await Promise.all(changes.map((change) => log().record(change)));
      for (const dueAt of times) {
        const due = changes.filter(({ deadline }) => deadline <= dueAt);
        for (const examinedMax of [1, 2, 100]) {
          assert.deepEqual(plain(await listAll(log(), { dueAt }, examinedMax)), plain(due));
        }
      }
    });

    it('looks at no more entries than it was told to, due or not', async () => {
      await recorded(10);
      const page = await log().list({ dueAt: clock.now(), examinedMax: 4 });
      assert.deepEqual(page.changes, []);
      assert.ok(page.next !== undefined);
    });

    it('goes on after an entry that is gone', async () => {
      const changes = await recorded(4);
      const [, second, third, fourth] = changes;
      assert.ok(second);
      await log().remove(second.changeId);
      const rest = await log().list({ after: second.changeId, examinedMax: 10 });
      assert.deepEqual(plain(rest.changes), plain([third, fourth]));
    });

    it('names an entry that cannot be read, keeps it and lists the others', async () => {
      const [first, second, third] = await recorded(3);
      assert.ok(first !== undefined && second !== undefined && third !== undefined);
      await current?.damage(second.changeId);
      const unreadable = (error: unknown): boolean => hasCode(error, 'UNREADABLE');
      await assert.rejects(log().get(second.changeId), unreadable);
      await assert.rejects(log().record(second), unreadable);
      await assert.rejects(log().defer(second.changeId, later(second.deadline, 1)), unreadable);
      await assert.rejects(log().remove(second.changeId), unreadable);
      const page = await log().list({ examinedMax: 10 });
      assert.deepEqual(plain(page.changes), plain([first, third]));
      assert.deepEqual(page.undecided, [second.changeId]);
    });

    it('defers concurrently to the latest deadline', async () => {
      const [change] = await recorded(1);
      assert.ok(change);
      const ms = Array.from({ length: 50 }, (_, index) => (index * 37) % 50);
      await Promise.all(ms.map((by) => log().defer(change.changeId, later(change.deadline, by))));
      const stored = await log().get(change.changeId);
      assert.equal(stored?.deadline, later(change.deadline, 49));
    });
  });
}

async function listAll(
  log: ChangeLog,
  query: Omit<ChangeQuery, 'examinedMax'>,
  examinedMax = 100,
): Promise<Change[]> {
  const changes: Change[] = [];
  let after: ChangeId | undefined;
  for (let page = 0; page < pagesMax; page += 1) {
    const found = await log.list({ ...query, after, examinedMax });
    assert.ok(found.changes.length <= examinedMax);
    changes.push(...found.changes);
    if (found.next === undefined) return changes;
    after = found.next;
  }
  throw new Error('the listing does not end');
}
