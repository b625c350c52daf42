import type {
  BlobName,
  EngineDependencies,
  StorageEngine,
  SweepDutiesDependencies,
} from '@holdfast/domain';
import type { SimulatedPorts } from './simulated-ports.js';
import type { SimulationPlan } from './plan.js';
import type { QueuedJob } from './simulated-queue.js';
import type { OpenTable } from './stores.js';

/** A way to run the engine: as it is, or broken on purpose to see that the simulator notices. */
export interface Variant {
  readonly name: string;
  /** What the variant does wrong, as a sentence. */
  readonly flaw: string;
  /** Without which the flaw does not show, and which few random plans have. */
  readonly needs?: Partial<SimulationPlan>;
  readonly openTable?: OpenTable;
  /** Changes what the engine of one process is built on. */
  readonly meddle?: (ports: SimulatedPorts, dependencies: EngineDependencies) => EngineDependencies;
  /** Replaces the settling of a queued job. */
  readonly settle?: (ports: SimulatedPorts, job: QueuedJob) => Promise<void>;
  /** Replaces the reclaiming of a queued blob. */
  readonly reclaim?: (ports: SimulatedPorts, blob: BlobName) => Promise<void>;
  /** Changes what the duties of the sweeper are built on. */
  readonly meddleSweep?: (
    dependencies: SweepDutiesDependencies,
    ports: SimulatedPorts,
    engine: StorageEngine,
  ) => SweepDutiesDependencies;
  /** Replaces the engine's own sweep of orphans. */
  readonly sweepOrphans?: (ports: SimulatedPorts, engine: StorageEngine) => Promise<void>;
}

/** A variant that the simulator must tell from the honest engine, by the invariant that it violates. */
export interface BrokenVariant extends Variant {
  readonly expected: RegExp;
}

export const honest: Variant = { name: 'honest', flaw: 'none' };
