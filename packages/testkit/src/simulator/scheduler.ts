import type { Change, ChangeId } from '@holdfast/domain';
import type { Call, Process } from './call-board.js';
import { nameOf } from './coverage.js';
import { faultsByMethod, type Fault } from './faults.js';
import type { Option } from './chooser.js';
import type { Environment } from './plan.js';
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

const weights = {
  deliver: 16,
  land: 4,
  start: 10,
  fault: 1,
  lateLanding: 4,
  lateLoss: 2,
  work: 3,
  environment: 1,
} as const;

/** A few minutes, past the readers' grace, past a change's deadline, past a day. */
const clockJumpsMs = [120_000, 400_000, 4_000_000, 90_000_000] as const;

export function createScheduler(world: World): Scheduler {
  const { plan, board, stores } = world;
  const left: { -readonly [Budget in keyof Environment]: number } = { ...plan.environment };
  const settled = new Set<ChangeId>();
  const working = new Map<ChangeId, Process>();
  let faultsLeft = plan.faultsMax;
  let started = 0;

  function busy(): number {
    const processes = new Set(
      board.pending().flatMap((call) => (call.abandoned ? [] : call.process)),
    );
    return [...processes].filter((process) => isClient(process)).length;
  }

  function callOptions(call: Call): Option[] {
    const name = `${call.process.index} ${nameOf(call.point)}`;
    if (call.abandoned) {
      return [
        option(`late: ${name} lands`, weights.lateLanding, () => board.deliver(call)),
        option(`late: ${name} is lost`, weights.lateLoss, () => board.lose(call)),
      ];
    }
    const deliver = option(call.landed ? `reply: ${name}` : name, weights.deliver, () =>
      board.deliver(call),
    );
    if (call.landed || !plan.split || isLocal(call)) return [deliver];
    return [deliver, option(`lands: ${name}`, weights.land, () => board.land(call))];
  }

  function faultOptions(call: Call): Option[] {
    if (faultsLeft === 0 || call.abandoned || call.landed) return [];
    const faults: readonly Fault[] = faultsByMethod[call.method];
    return faults.map((fault) => ({
      label: `${fault}: ${call.process.index} ${nameOf(call.point)}`,
      weight: weights.fault,
      hazard: { point: call.point, fault },
      run() {
        faultsLeft -= 1;
        board.fail(call, fault);
      },
    }));
  }

  function startOptions(): Option[] {
    const next = plan.operations[started];
    if (next === undefined || busy() >= plan.concurrency) return [];
    return [
      option(`start ${JSON.stringify(next)}`, weights.start, () => {
        started += 1;
        world.startClient(next);
      }),
    ];
  }

  function workOptions(): Option[] {
    return [...stores.jobs.values()]
      .filter(({ notBefore }) => notBefore <= stores.clock.now())
      .filter(({ changeId }) => working.get(changeId)?.alive !== true || !isWaiting(changeId))
      .map((job) =>
        option(`work ${job.changeId}`, weights.work, () => {
          working.set(job.changeId, world.startCleanup({ kind: 'work', job }));
        }),
      );
  }

  /** Time goes by until the next job is due: the world waits for nothing else. */
  function waitOptions(): Option[] {
    const due = Math.min(...[...stores.jobs.values()].map(({ notBefore }) => notBefore));
    const leftMs = due - stores.clock.now();
    if (leftMs === Infinity || leftMs <= 0) return [];
    return [option(`wait ${leftMs} ms`, weights.start, () => stores.clock.advance(leftMs))];
  }

  function isWaiting(changeId: ChangeId): boolean {
    const process = working.get(changeId);
    return board.pending().some((call) => call.process === process && !call.abandoned);
  }

  function spend(budget: keyof Environment, label: string, run: () => void): Option[] {
    if (left[budget] === 0) return [];
    return [
      option(label, weights.environment, () => {
        left[budget] -= 1;
        run();
      }),
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
      ...clockJumpsMs.flatMap((ms) =>
        spend('clockJumps', `clock +${ms} ms`, () => stores.clock.advance(ms)),
      ),
      ...spend('powerLosses', 'power loss', losePower),
      ...spend('queueFlushes', 'queue flushed', () => stores.jobs.clear()),
      ...spend('damages', 'a bit flips', flipBit),
      ...spend('unreadableRows', 'a row becomes unreadable', () => world.spoilRow()),
      ...spend('unreadableChanges', 'a log entry becomes unreadable', () => world.spoilChange()),
    ];
  }

  function losePower(): void {
    for (const process of world.processes()) if (process.alive) board.kill(process);
    for (const call of board.pending()) board.lose(call);
    stores.highVolume.losePower();
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
      if (local !== undefined) return [...callOptions(local), ...faultOptions(local)];
      const ordinary = [...pending.flatMap(callOptions), ...startOptions(), ...workOptions()];
      if (ordinary.length === 0) return waitOptions();
      return [...ordinary, ...pending.flatMap(faultOptions), ...environmentOptions()];
    },
    calmDown() {
      faultsLeft = 0;
      for (const budget of Object.keys(left) as (keyof Environment)[]) left[budget] = 0;
    },
    stateText: () => JSON.stringify([faultsLeft, left, started, [...settled]]),
  };
}

function option(label: string, weight: number, run: () => void): Option {
  return { label, weight, run };
}

function isLocal(call: Call): boolean {
  return call.method === 'source.next' && !call.abandoned;
}

const cleanups: ReadonlySet<string> = new Set([
  'work',
  'settle',
  'recover',
  'offer',
  'sweep-orphans',
  'sweep-expired',
]);

function isClient(process: Process): boolean {
  return !cleanups.has(process.activity);
}
