import type { SweepKind, SweepRun, SweepRunId } from '@holdfast/domain';
import { createCountingIds } from '../counting-ids.js';
import type { EngineProcess } from './engine-process.js';
import { requestOf, startSweep, type SweepContext } from './sweep-process.js';

/** The sweeper's processes and the runs that they are at: of one run, as many as have taken it over. */
export interface SimulatedSweeps {
  start(kind: SweepKind): void;
  takeOver(run: SweepRun): void;
  /** Runs that nobody has brought to their end. */
  underWay(): readonly SweepRun[];
  /** The last run of the kind that came to its end ended at a limit. */
  isCutShort(kind: SweepKind): boolean;
}

export interface SimulatedSweepsDependencies extends Omit<SweepContext, 'over'> {
  readonly startProcess: (activity: SweepKind, run: SweepRun) => EngineProcess;
}

/** Makes the ids of runs, and no process has it. */
const idSeed = 300;

export function createSimulatedSweeps(dependencies: SimulatedSweepsDependencies): SimulatedSweeps {
  const { stores, pageMax, startProcess } = dependencies;
  const ids = createCountingIds(stores.clock, idSeed);
  const underWay = new Set<SweepRun>();
  const cutShort = new Set<SweepKind>();

  function takeOver(run: SweepRun): void {
    const { kind } = run.request;
    startSweep(run, startProcess(kind, run), {
      ...dependencies,
      over({ truncated }) {
        underWay.delete(run);
        if (truncated) cutShort.add(kind);
        else cutShort.delete(kind);
      },
    });
  }

  return {
    start(kind) {
      const run: SweepRun = {
        runId: parseRunId(ids.revision()),
        request: requestOf(kind, pageMax),
        timeStarted: stores.clock.now(),
      };
      underWay.add(run);
      takeOver(run);
    },
    takeOver,
    underWay: () => [...underWay],
    isCutShort: (kind) => cutShort.has(kind),
  };
}

function parseRunId(uuid: string): SweepRunId {
  return uuid as SweepRunId;
}
