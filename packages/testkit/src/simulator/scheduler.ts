import { sweepKinds, type Change, type ChangeId } from '@holdfast/domain';
import type { Call, Process } from './call-board.js';
import { callOptions, faultOptions, isLocal, option } from './call-options.js';
import type { Option } from './chooser.js';
import type { Environment } from './plan.js';
import type { QueuedJob } from './simulated-queue.js';
import type { World } from './world.js';

/** Knows what may happen next. */
export interface Scheduler {
  /** In a fixed order, the most ordinary first; empty once nothing is left to happen. */
  options(): Option[];
  /** No more faults, and nothing that callers or stores did not ask for. */
  calmDown(): void;
  /** What the future depends on besides the stores and the processes. */
  stateText(): string;
}

/** Beside those of what may become of a message. */
const weights = {
  start: 10,
  work: 3,
  sweep: 3,
  environment: 1,
} as const;

/** A few minutes, past the readers' grace, past a change's deadline, past a day. */
const clockJumpsMs = [120_000, 400_000, 4_000_000, 90_000_000] as const;

export function createScheduler(world: World): Scheduler {
  const { plan, board, stores } = world;
  const left: { -readonly [Budget in keyof Environment]: number } = { ...plan.environment };
  const settled = new Set<ChangeId>();
  const working = new Map<string, Process>();
  let faultsLeft = plan.faultsMax;
  let started = 0;

  function busy(): number {
    const processes = new Set(
      board.pending().flatMap((call) => (call.abandoned ? [] : call.process)),
    );
    return [...processes].filter((process) => isClient(process)).length;
  }

  const arrivals = (call: Call): Option[] => callOptions({ board, split: plan.split }, call);

  function strikes(call: Call): Option[] {
    if (faultsLeft === 0) return [];
    return faultOptions(call, (fault) => {
      faultsLeft -= 1;
      board.fail(call, fault);
    });
  }

  function startOptions(): Option[] {
    const next = plan.operations[started];
    if (next === undefined || busy() >= plan.concurrency) return [];
    return [
      option(
        () => `start ${JSON.stringify(next)}`,
        weights.start,
        () => {
          started += 1;
          world.startClient(next);
        },
      ),
    ];
  }

  /** Jobs that a worker may have, sooner or later. */
  function livingJobs(): readonly QueuedJob[] {
    return stores.queue.jobs().filter(({ isDead }) => !isDead);
  }

  function workOptions(): Option[] {
    return livingJobs()
      .filter(({ notBefore }) => notBefore <= stores.clock.now())
      .filter((queued) => !isAtWork(working.get(subjectOf(queued))))
      .map((queued) => {
        const subject = subjectOf(queued);
        const kind = queued.job.kind === 'reclaim-blob' ? 'reclaim' : 'work';
        return option(
          () => `${kind} ${subject}`,
          weights.work,
          () => {
            working.set(subject, world.startCleanup({ kind, job: queued }));
          },
        );
      });
  }

  /** Time goes by until the next job is due: the world waits for nothing else. */
  function waitOptions(): Option[] {
    const due = Math.min(...livingJobs().map(({ notBefore }) => notBefore));
    const leftMs = due - stores.clock.now();
    if (leftMs === Infinity || leftMs <= 0) return [];
    return [
      option(
        () => `wait ${leftMs} ms`,
        weights.start,
        () => stores.clock.advance(leftMs),
      ),
    ];
  }

  function isAtWork(process: Process | undefined): boolean {
    if (process?.alive !== true) return false;
    return board.pending().some((call) => call.process === process && !call.abandoned);
  }

  function spend(
    budget: keyof Environment,
    what: string,
    run: () => void,
    weight: number = weights.environment,
  ): Option[] {
    if (left[budget] === 0) return [];
    return [
      option(
        () => what,
        weight,
        () => {
          left[budget] -= 1;
          run();
        },
      ),
    ];
  }

  function settleable(): readonly Change[] {
    return left.settles === 0 ? [] : stores.changeLog.snapshot();
  }

  function environmentOptions(): Option[] {
    return [
      ...settleable().flatMap(({ changeId }) =>
        settled.has(changeId)
          ? []
          : spend('settles', `settle ${changeId}`, () => {
              settled.add(changeId);
              world.startCleanup({ kind: 'settle', changeId });
            }),
      ),
      ...spend('recoveries', 'recover', () => world.startCleanup({ kind: 'recover' })),
      ...spend('offers', 'offer', () => world.startCleanup({ kind: 'offer' })),
      ...spend('orphanSweeps', 'sweep orphans', () =>
        world.startCleanup({ kind: 'sweep-orphans' }),
      ),
      ...spend('expirySweeps', 'sweep expired', () =>
        world.startCleanup({ kind: 'sweep-expired' }),
      ),
      ...sweepOptions(),
      ...clockJumpsMs.flatMap((ms) =>
        spend('clockJumps', `clock +${ms} ms`, () => stores.clock.advance(ms)),
      ),
      ...spend('powerLosses', 'power loss', losePower),
      ...spend('queueFlushes', 'queue flushed', () => stores.queue.flush()),
      ...spend('ledgerFlushes', 'ledger flushed', () => stores.ledger.flush()),
      ...spend('damages', 'a bit flips', flipBit),
      ...spend('unreadableRows', 'a row becomes unreadable', () => world.spoilRow()),
      ...spend('unreadableChanges', 'a log entry becomes unreadable', () => world.spoilChange()),
    ];
  }

  /** A run may be taken over at any time: its process is dead, or its job only seems to be stalled. */
  function sweepOptions(): Option[] {
    if (left.sweeps === 0) return [];
    return [
      ...sweepKinds.flatMap((kind) =>
        spend('sweeps', `run ${kind}`, () => world.sweeps.start(kind), weights.sweep),
      ),
      ...world.sweeps
        .underWay()
        .flatMap((run) =>
          spend('sweeps', `run ${run.request.kind} again`, () => world.sweeps.takeOver(run)),
        ),
    ];
  }

  function losePower(): void {
    for (const process of world.processes()) if (process.alive) board.kill(process);
    for (const call of board.pending()) board.lose(call);
    stores.highVolume.losePower();
    stores.beforeBlobsChange();
    stores.longTerm.losePower();
  }

  function flipBit(): void {
    const [blob] = stores.longTerm.snapshot();
    if (blob === undefined) return;
    world.damaged = true;
    stores.longTerm.damage(blob.name);
  }

  return {
    options() {
      const pending = board.pending();
      // A caller's next chunk concerns nobody else: letting it happen at once loses no schedule.
      const local = pending.find(isLocal);
      if (local !== undefined) return [...arrivals(local), ...strikes(local)];
      const ordinary = [...pending.flatMap(arrivals), ...startOptions(), ...workOptions()];
      if (ordinary.length === 0) return waitOptions();
      return [...ordinary, ...pending.flatMap(strikes), ...environmentOptions()];
    },
    calmDown() {
      faultsLeft = 0;
      for (const budget of Object.keys(left) as (keyof Environment)[]) left[budget] = 0;
    },
    stateText: () => JSON.stringify([faultsLeft, left, started, [...settled]]),
  };
}

function subjectOf({ job }: QueuedJob): string {
  return job.kind === 'reclaim-blob' ? job.blob : job.changeId;
}

const cleanups: ReadonlySet<string> = new Set([
  'work',
  'reclaim',
  'settle',
  'recover',
  'offer',
  'sweep-orphans',
  'sweep-expired',
  ...sweepKinds,
]);

function isClient(process: Process): boolean {
  return !cleanups.has(process.activity);
}
