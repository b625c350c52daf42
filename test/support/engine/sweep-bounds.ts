import {
  changeIdOf,
  DomainError,
  limits,
  type ChangeId,
  type StorageEngine,
  type StoragePath,
  type SweepBounds,
} from '@holdfast/domain';
import assert from 'node:assert/strict';
import { small } from './payloads.js';
import { placeOrphan } from './reclaiming.js';
import {
  expiringAfter,
  idOf,
  useStore,
  type OpenTiers,
  type StoreUnderTest,
} from './store-under-test.js';

const { sweepExaminedMax, sweepStepMax } = limits;
const wrongLimits = [-1, 0, 1.5, sweepExaminedMax + 1, Infinity, Number.NaN];
const rightLimits = [1, sweepExaminedMax];

interface Swept {
  /** How many entries it dealt with. */
  readonly done: number;
  readonly truncated: boolean;
  readonly next?: string | undefined;
}

interface Sweep {
  readonly name: string;
  /** Leaves so many entries for the sweep to deal with. */
  readonly fill: (store: StoreUnderTest, count: number) => Promise<void>;
  readonly run: (
    engine: StorageEngine,
    bounds: SweepBounds,
    from: string | undefined,
  ) => Promise<Swept>;
  /** Tells, after each step, how many entries it was allowed to look at. */
  readonly watchSteps: (store: StoreUnderTest, onStep: (limit: number) => void) => void;
}

const sweeps: readonly Sweep[] = [
  {
    name: 'the change log',
    async fill(store, count) {
      for (let at = 0; at < count; at += 1) {
        const { revision } = await store.store(idOf('spare'), small());
        const deadline = store.clock.now();
        const changeId = changeIdOf(revision);
        await store.tiers.changeLog.record({ changeId, objectId: idOf('x'), deadline });
      }
    },
    async run(engine, bounds, from) {
      const report = await engine.recoverChanges({ ...bounds, after: from as ChangeId });
      return { ...report, done: report.settled };
    },
    watchSteps: (store, onStep) =>
      store.changeLog.hook('list', { after: (_, { examinedMax }) => onStep(examinedMax) }),
  },
  {
    name: 'orphans',
    async fill(store, count) {
      for (let at = 0; at < count; at += 1) await placeOrphan(store, `${at}`);
      store.clock.advance(limits.orphanAgeMsMin);
    },
    async run(engine, bounds, from) {
      const report = await engine.reclaimOrphans({ ...bounds, cursor: from });
      return { ...report, done: report.awaitingReaders };
    },
    watchSteps: (store, onStep) =>
      store.longTerm.hook('list', { after: (_page, _cursor, limit) => onStep(limit) }),
  },
  {
    name: 'expired objects',
    async fill(store, count) {
      for (let at = 0; at < count; at += 1) {
        await store.store(idOf(`${at}`), small(), expiringAfter(60_000));
      }
      store.clock.advance(60_000);
    },
    async run(engine, bounds, from) {
      const report = await engine.expireObjects({ ...bounds, after: from as StoragePath });
      return { ...report, done: report.expired };
    },
    watchSteps: (store, onStep) =>
      store.highVolume.hook('listRows', { after: (_page, _after, limit) => onStep(limit) }),
  },
];

export function describeSweepBounds(openTiers: OpenTiers): void {
  const store = useStore(openTiers);

  for (const { name, fill, run, watchSteps } of sweeps) {
    describe(`how far a sweep of ${name} goes`, () => {
      for (const examinedMax of wrongLimits) {
        it(`is never ${examinedMax} entries`, async () => {
          let steps = 0;
          watchSteps(store(), () => void (steps += 1));
          const sweeping = run(store().engine, { examinedMax }, undefined);
          await assert.rejects(sweeping, (error: unknown) => {
            assert(error instanceof DomainError && error.detail.code === 'INVALID_LIMIT');
            assert.equal(error.detail.field, 'limit.entries');
            assert.equal(error.detail.given, `${examinedMax}`);
            return true;
          });
          assert.equal(steps, 0);
        });
      }

      for (const examinedMax of rightLimits) {
        it(`may be ${examinedMax} entries`, async () => {
          await fill(store(), 2);
          const swept = await run(store().engine, { examinedMax }, undefined);
          assert.equal(swept.done, Math.min(examinedMax, 2));
          assert.equal(swept.truncated, examinedMax < 2);
          assert.equal(swept.next === undefined, examinedMax >= 2);
        });
      }

      it('is told step by step, and exactly', async () => {
        await fill(store(), 2 * sweepStepMax + 10);
        const steps: number[] = [];
        watchSteps(store(), (limit) => void steps.push(limit));
        const examinedMax = sweepStepMax + 7;
        const first = await run(store().engine, { examinedMax }, undefined);
        assert.deepEqual(steps, [sweepStepMax, 7]);
        assert.deepEqual([first.done, first.truncated], [examinedMax, true]);
        const rest = await run(store().engine, { examinedMax }, first.next);
        assert.deepEqual([rest.done, rest.truncated, rest.next], [53, false, undefined]);
      });

      it('is no step when it is told to stop before it begins', async () => {
        await fill(store(), 2);
        const { next: from } = await run(store().engine, { examinedMax: 1 }, undefined);
        let steps = 0;
        watchSteps(store(), () => void (steps += 1));
        const signal = AbortSignal.abort();
        for (const where of [undefined, from ?? assert.fail()]) {
          const swept = await run(store().engine, { examinedMax: 100, signal }, where);
          assert.deepEqual([swept.done, swept.truncated, swept.next], [0, true, where]);
        }
        assert.equal(steps, 0);
      });

      it('is the step at which it is told to stop, and it goes on from there to the end', async () => {
        const entries = 2 * sweepStepMax + 10;
        await fill(store(), entries);
        let stop = new AbortController();
        watchSteps(store(), () => stop.abort());
        const done: number[] = [];
        let swept: Swept | undefined;
        do {
          stop = new AbortController();
          const bounds = { examinedMax: 1_000, signal: stop.signal };
          swept = await run(store().engine, bounds, swept?.next);
          done.push(swept.done);
          assert.equal(swept.truncated, swept.next !== undefined);
          assert(done.length <= 3, 'it never begins again');
        } while (swept.truncated);
        assert.deepEqual(done, [sweepStepMax, sweepStepMax, 10]);
      });

      it('is its end when it is told to stop at its last step', async () => {
        await fill(store(), sweepStepMax - 1);
        const stop = new AbortController();
        watchSteps(store(), () => stop.abort());
        const bounds = { examinedMax: 1_000, signal: stop.signal };
        const swept = await run(store().engine, bounds, undefined);
        assert.deepEqual([swept.done, swept.truncated], [sweepStepMax - 1, false]);
      });
    });
  }
}
