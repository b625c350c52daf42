import { hasCode, later, type HighVolumeTier, type ObjectId } from '@holdfast/domain';
import { createRowFixtures, plain, type RowFixtures } from '@holdfast/testkit';
import { openBigtableStore, type BigtableStore } from '@holdfast/tier-bigtable';
import assert from 'node:assert/strict';
import { requireBigtableEmulator } from '../support/bigtable-emulator.js';
import { startBigtableProxy, type BigtableProxy } from '../support/bigtable-proxy.js';
import {
  openTemporaryBigtableStore,
  type TemporaryBigtableStore,
} from '../support/bigtable-store.js';
import { freePorts } from '../support/cluster-ports.js';
import { waitUntil } from '../support/cluster-wait.js';

const attemptsMax = 3;
/** Short, so that silence is soon given up. */
const impatient = { attemptsMax, attemptMsMax: 300, callMsMax: 1_200 } as const;
/** Long: what ends these calls is not their time. */
const patient = { attemptsMax, attemptMsMax: 20_000, callMsMax: 30_000 } as const;

const isUnknown = (error: unknown): boolean => hasCode(error, 'OUTCOME_UNKNOWN');
const isUnavailable = (error: unknown): boolean => hasCode(error, 'TIER_UNAVAILABLE');

describe('a Bigtable store on a disturbed way', () => {
  /** Sees the table as it is. */
  let direct: TemporaryBigtableStore;
  let proxy: BigtableProxy;
  let make: RowFixtures;
  const opened: BigtableStore[] = [];

  before(async function () {
    requireBigtableEmulator(this);
    direct = await openTemporaryBigtableStore();
    make = createRowFixtures(direct.clock);
  });
  beforeEach(async () => {
    proxy = await startBigtableProxy();
  });
  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close();
    await proxy?.close();
  });
  after(() => direct?.close());

  /** A store whose way leads through the proxy, connected already. */
  async function openThrough(limits: typeof patient | typeof impatient): Promise<BigtableStore> {
    const { clock, options } = direct;
    const { emulatorHost } = proxy;
    const store = await openBigtableStore({ ...options, ...limits, emulatorHost }, { clock });
    opened.push(store);
    await store.highVolumeTier.readHead(make.id());
    return store;
  }

  interface Prepared {
    readonly run: (tier: HighVolumeTier) => Promise<unknown>;
    /** Whether the effect is there. */
    readonly isDone: () => Promise<boolean>;
  }

  async function hasIntent(id: ObjectId, changeId: ReturnType<RowFixtures['changeId']>) {
    const rows = await direct.rawRows();
    const row = rows.find(({ key }) => key.toString() === `o/${id.path}`);
    const wanted = Buffer.from(changeId.replaceAll('-', ''), 'hex').map((byte) => ~byte);
    return (row?.cells ?? []).some(({ family, qualifier }) => {
      return family === 'i' && qualifier.equals(wanted);
    });
  }

  /** Writes that must not be sent twice. */
  const writes: Readonly<Record<string, () => Promise<Prepared>>> = {
    async putInline() {
      const id = make.id();
      const row = make.inline('new');
      return {
        run: (tier) => tier.putInline(id, row),
        isDone: async () => (await direct.highVolumeTier.read(id)).kind === 'inline',
      };
    },
    async deleteInline() {
      const id = make.id();
      await direct.highVolumeTier.putInline(id, make.inline('old'));
      return {
        run: (tier) => tier.deleteInline(id),
        isDone: async () => (await direct.highVolumeTier.read(id)).kind === 'absent',
      };
    },
    async begin() {
      const id = make.id();
      const changeId = make.changeId();
      return {
        run: (tier) => tier.begin(id, changeId),
        isDone: () => hasIntent(id, changeId),
      };
    },
    async commit() {
      const id = make.id();
      const changeId = make.changeId();
      await direct.highVolumeTier.begin(id, changeId);
      return {
        run: (tier) => tier.commit(id, changeId, make.tombstone(id)),
        isDone: async () => (await direct.highVolumeTier.read(id)).kind === 'tombstone',
      };
    },
    async extend() {
      const id = make.id();
      const row = make.inline('idle', make.idleIn(1_000_000));
      await direct.highVolumeTier.putInline(id, row);
      const timeExpires = later(direct.clock.now(), 2_000_000);
      return {
        run: (tier) => tier.extend(id, row.metadata.revision, timeExpires),
        async isDone() {
          const head = await direct.highVolumeTier.readHead(id);
          return head.kind === 'inline' && head.metadata.timeExpires === timeExpires;
        },
      };
    },
  };

  for (const [name, prepare] of Object.entries(writes)) {
    it(`sends ${name} once, and does not know its outcome, when the answer is cut off`, async () => {
      const { highVolumeTier } = await openThrough(patient);
      const { run, isDone } = await prepare();
      const before = proxy.calls();
      proxy.loseAnswers();
      const call = assert.rejects(run(highVolumeTier), isUnknown);
      await waitUntil(`${name} took effect`, isDone, (done) => done);
      proxy.cut();
      await call;
      assert.equal(proxy.calls() - before, 1);
    });

    it(`sends ${name} once, and does not know its outcome, when nobody answers in time`, async () => {
      const { highVolumeTier } = await openThrough(impatient);
      const { run, isDone } = await prepare();
      const before = proxy.calls();
      proxy.stall();
      await assert.rejects(run(highVolumeTier), isUnknown);
      assert.equal(proxy.calls() - before, 1);
      assert.equal(await isDone(), false);
    });
  }

  it('repeats a read whose answer is cut off', async () => {
    const { highVolumeTier } = await openThrough(patient);
    const id = make.id();
    const row = make.inline('precious');
    await direct.highVolumeTier.putInline(id, row);
    const before = proxy.calls();
    proxy.loseAnswers();
    const read = highVolumeTier.read(id);
    await waitUntil(
      'the read was sent',
      () => proxy.calls() - before,
      (calls) => calls === 1,
    );
    proxy.cut();
    proxy.mend();
    assert.deepEqual(plain(await read), plain(row));
  });

  it('gives up a read that nobody answers after its attempts', async () => {
    const { highVolumeTier } = await openThrough(impatient);
    const before = proxy.calls();
    proxy.stall();
    await assert.rejects(highVolumeTier.read(make.id()), isUnavailable);
    assert.equal(proxy.calls() - before, attemptsMax);
  });

  it('repeats a fence and the calls of the change log, whose answers were cut off', async () => {
    const { highVolumeTier, changeLog } = await openThrough(patient);
    const id = make.id();
    const changeId = make.changeId();
    const change = { changeId, objectId: id, deadline: direct.clock.now() };
    const later1 = later(change.deadline, 1);
    await direct.highVolumeTier.begin(id, changeId);
    const log = direct.changeLog;
    const calls: Readonly<Record<string, Prepared>> = {
      fence: {
        run: () => highVolumeTier.fence(id, changeId),
        isDone: async () => !(await hasIntent(id, changeId)),
      },
      record: {
        run: () => changeLog.record(change),
        isDone: async () => (await log.get(changeId)) !== undefined,
      },
      defer: {
        run: () => changeLog.defer(changeId, later1),
        isDone: async () => (await log.get(changeId))?.deadline === later1,
      },
      remove: {
        run: () => changeLog.remove(changeId),
        isDone: async () => (await log.get(changeId)) === undefined,
      },
    };
    for (const [name, { run, isDone }] of Object.entries(calls)) {
      const before = proxy.calls();
      proxy.loseAnswers();
      const call = run(highVolumeTier);
      await waitUntil(`${name} took effect`, isDone, (done) => done);
      proxy.cut();
      proxy.mend();
      await call;
      assert.ok(proxy.calls() - before >= 2, name);
      assert.ok(await isDone(), name);
    }
  });

  it('does not know what became of a fence or a change that nobody answers', async () => {
    const { highVolumeTier, changeLog } = await openThrough(impatient);
    const changeId = make.changeId();
    const id = make.id();
    const change = { changeId, objectId: id, deadline: direct.clock.now() };
    for (const run of [
      () => highVolumeTier.fence(id, changeId),
      () => changeLog.record(change),
      () => changeLog.remove(changeId),
    ]) {
      const before = proxy.calls();
      proxy.stall();
      await assert.rejects(run(), isUnknown);
      assert.equal(proxy.calls() - before, attemptsMax);
      proxy.cut();
      proxy.mend();
      await recovered(highVolumeTier);
    }
  });

  it('had no effect, of which it is sure, while nobody listens', async () => {
    const [port = 0] = await freePorts(1);
    const { clock, options } = direct;
    const emulatorHost = `127.0.0.1:${port}`;
    const store = await openBigtableStore({ ...options, ...patient, emulatorHost }, { clock });
    opened.push(store);
    const { highVolumeTier: tier, changeLog } = store;
    const id = make.id();
    const changeId = make.changeId();
    const change = { changeId, objectId: id, deadline: clock.now() };
    const calls: Readonly<Record<string, () => Promise<unknown>>> = {
      read: () => tier.read(id),
      putInline: () => tier.putInline(id, make.inline('x')),
      deleteInline: () => tier.deleteInline(id),
      begin: () => tier.begin(id, changeId),
      commit: () => tier.commit(id, changeId, make.tombstone(id)),
      fence: () => tier.fence(id, changeId),
      extend: () => tier.extend(id, make.revision(), later(clock.now(), 1_000)),
      record: () => changeLog.record(change),
      list: () => changeLog.list({ examinedMax: 10 }),
    };
    for (const [name, call] of Object.entries(calls)) {
      await assert.rejects(call, isUnavailable, name);
    }
  });

  it('works again once the way is mended, however it was lost', async () => {
    const { highVolumeTier } = await openThrough(impatient);
    const ways: readonly (() => void)[] = [
      () => proxy.cut(),
      () => {
        proxy.stall();
        proxy.cut();
      },
      () => {
        proxy.loseAnswers();
        proxy.cut();
      },
    ];
    for (const lose of ways) {
      lose();
      await assert.rejects(highVolumeTier.read(make.id()), isUnavailable);
      await assert.rejects(highVolumeTier.putInline(make.id(), make.inline('x')), isUnavailable);
      proxy.mend();
      await recovered(highVolumeTier);
      assert.equal(await highVolumeTier.putInline(make.id(), make.inline('x')), 'stored');
    }
  });

  it('reads what arrives a few bytes at a time', async () => {
    const { highVolumeTier } = await openThrough(patient);
    const id = make.id();
    const row = make.inline('drop by drop');
    await direct.highVolumeTier.putInline(id, row);
    proxy.slowDown();
    assert.deepEqual(plain(await highVolumeTier.read(id)), plain(row));
  });

  it('refuses what is asked of it after it was closed', async () => {
    const { clock, options } = direct;
    const store = await openBigtableStore(options, { clock });
    await store.close();
    await assert.rejects(store.highVolumeTier.read(make.id()), isUnavailable);
    await assert.rejects(store.highVolumeTier.deleteInline(make.id()), isUnavailable);
    await store.close();
  });

  it('had no effect where there is no such table', async () => {
    const { clock, options } = direct;
    const store = await openBigtableStore({ ...options, tableId: 'missing' }, { clock });
    opened.push(store);
    await assert.rejects(store.highVolumeTier.read(make.id()), isUnavailable);
    await assert.rejects(store.highVolumeTier.deleteInline(make.id()), isUnavailable);
  });

  function recovered(tier: HighVolumeTier): Promise<unknown> {
    return waitUntil(
      'the store reads again',
      () => tier.readHead(make.id()),
      (head) => head.kind === 'absent',
    );
  }
});
