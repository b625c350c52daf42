import { sweepKinds, type Payload, type PutOutcome, type SweepReport } from '@holdfast/domain';
import assert from 'node:assert/strict';
import { useSweptStoreOn, type SweptStoreBed } from '../swept-store.js';
import { createGate, holdNext, type Gate } from './hold.js';
import { large, largeBytes } from './payloads.js';
import { arrange, assertReads, contents } from './situations.js';
import { idOf, type OpenTiers } from './store-under-test.js';

const minuteMs = 60_000;
/** More than half of a deadline, so that each step moves it, and less than a whole one. */
const stepMs = 40 * minuteMs;
/** Twenty hours in all. */
const steps = 30;
const seed = 7;

/** An upload that takes one more piece of its payload each time it is asked to. */
interface SlowUpload {
  readonly done: Promise<PutOutcome>;
  /** Resolves when it has taken the piece. */
  next(): Promise<void>;
  finish(): void;
}

export function describeSweptUploads(openTiers: OpenTiers): void {
  describe('uploads of twenty hours, with all sweeps after each step', () => {
    const bed = useSweptStoreOn(openTiers);

    it('lose nothing to them, while what a dead writer left is found', async () => {
      const { store } = bed();
      for (const content of contents) await arrange(store, idOf(content), content);
      await store.atRest();
      const dead = await die(bed());
      const uploads = contents.map((content) => begin(bed(), content));
      const reports: SweepReport[] = [];
      for (let step = 0; step < steps; step += 1) {
        for (const upload of uploads) await upload.next();
        store.clock.advance(stepMs);
        reports.push(...(await sweepAll(bed())));
      }
      for (const upload of uploads) upload.finish();
      for (const { done } of uploads) assert.equal((await done).kind, 'stored');
      for (const content of contents) await assertReads(store, idOf(content), 'large', seed);

      assert.deepEqual(
        bed().enqueued.map((job) => (job.kind === 'settle-change' ? job.changeId : job.blob)),
        [dead],
      );
      assert.ok(reports.every(({ state }) => state === 'ended'));
      assert.deepEqual(store.events, []);
    });
  });
}

/** Every kind to its end, with no regard to the age of what it finds. */
async function sweepAll({ sweep }: SweptStoreBed): Promise<readonly SweepReport[]> {
  const reports: SweepReport[] = [];
  for (const kind of sweepKinds) reports.push(await sweep({ kind, ageMsMin: 0, fromStart: true }));
  return reports;
}

/** A put dies before its commit. Answers its change, which is on the log. */
async function die({ store }: SweptStoreBed): Promise<string> {
  const commit = holdNext(store.highVolume, 'commit');
  void store.put(idOf('dead'), large());
  await commit.reached;
  const [change, ...others] = await store.changes();
  assert(change !== undefined && others.length === 0);
  return change.changeId;
}

function begin({ store }: SweptStoreBed, key: string): SlowUpload {
  const bytes = large(seed);
  const pieceBytes = Math.floor(largeBytes / (steps + 1));
  let asked: Gate = createGate();
  let taken: Gate = createGate();

  async function* payload(): Payload {
    for (let step = 0; step < steps; step += 1) {
      await asked.passed;
      asked = createGate();
      yield bytes.slice(step * pieceBytes, (step + 1) * pieceBytes);
      taken.open();
    }
    await asked.passed;
    yield bytes.slice(steps * pieceBytes);
  }

  return {
    done: store.put(idOf(key), bytes, { payload: payload() }),
    async next() {
      taken = createGate();
      asked.open();
      await taken.passed;
    },
    finish: () => asked.open(),
  };
}
