import {
  hasCode,
  noFindings,
  type Clock,
  type SweepLedger,
  type SweepReport,
  type SweepRun,
} from '@holdfast/domain';
import { reasonError, type RpcError } from '@holdfast/rpc';
import type { OperatorDependencies } from './dependencies.js';
import {
  leftAlone,
  notTakenUp,
  queueUnavailable,
  reachQueue,
  sweepRunning,
  unknownRun,
} from './sweep-errors.js';

export interface FollowDependencies extends Pick<
  OperatorDependencies,
  'queue' | 'clock' | 'draining'
> {
  /** The caller is gone. */
  readonly signal: AbortSignal;
}

/** A report can be long. */
const lookEveryMs = 250;
/** A caller hears no less often of a run than this. */
const tellEveryMs = 4_000;
/** Nobody takes the run up or goes on with it, or nothing can be known of it, for so long: its caller is told. */
const unseenMsMax = 60_000;

type Sight =
  /** `isHeld`: a sweeper has it. */
  | { readonly kind: 'seen'; readonly report: SweepReport; readonly isHeld: boolean }
  | { readonly kind: 'not-begun' }
  /** Redis is away. */
  | { readonly kind: 'unseen'; readonly cause: unknown };

/**
 * Tells of the run until it has ended, and answers its report. Ends as soon as the caller is gone; the run
 * does not. Rejects with `SWEEP_RUNNING` when another run came before it, whether or not that one is over.
 * A run that nobody takes up in time never begins: its caller is told, and does not expect it hours later.
 */
export async function followRun(
  run: SweepRun,
  tell: (report: SweepReport) => Promise<void>,
  { queue, clock, draining, signal }: FollowDependencies,
): Promise<SweepReport> {
  const leaving = AbortSignal.any([signal, draining]);
  let latest: SweepReport | undefined;
  /** When there was last a sweeper that has it. */
  let heldAt = clock.now();
  let toldAt: number | undefined;

  async function tellSometimes(): Promise<void> {
    // At once when it has begun: with its id it can be cancelled.
    const isFirst = toldAt === undefined && latest !== undefined;
    if (!isFirst && clock.now() - (toldAt ?? heldAt) < tellEveryMs) return;
    toldAt = clock.now();
    await tell(latest ?? notBegun(run, clock));
  }

  while (!leaving.aborted) {
    const sight = await look(queue.ledger, run);
    if (sight.kind === 'seen') {
      latest = sight.report;
      if (latest.state !== 'running') return latest;
    }
    if (sight.kind === 'seen' && sight.isHeld) heldAt = clock.now();
    else if (clock.now() - heldAt >= unseenMsMax) throw await giveUp(run, sight, queue);
    await tellSometimes();
    await clock.sleep(lookEveryMs, leaving);
  }
  signal.throwIfAborted();
  throw shutsDown(run);
}

async function look(ledger: SweepLedger, { runId, request }: SweepRun): Promise<Sight> {
  try {
    const report = await ledger.report(runId);
    if (report !== undefined) {
      const holder = await ledger.running(request.kind);
      return { kind: 'seen', report, isHeld: holder === runId };
    }
    // Who is at work now says nothing: it may be over before this run's turn comes, or before we look.
    const other = await ledger.takenBy(runId);
    if (other !== undefined) throw sweepRunning(other);
    return { kind: 'not-begun' };
  } catch (cause) {
    if (!hasCode(cause, 'TIER_UNAVAILABLE')) throw cause;
    return { kind: 'unseen', cause };
  }
}

async function giveUp(
  { runId }: SweepRun,
  sight: Sight,
  queue: FollowDependencies['queue'],
): Promise<RpcError> {
  switch (sight.kind) {
    case 'seen':
      return leftAlone(runId);
    case 'not-begun':
      return (await reachQueue(() => queue.remove(runId))) ? notTakenUp(runId) : unknownRun(runId);
    case 'unseen':
      return queueUnavailable(sight.cause);
  }
}

function shutsDown({ runId }: SweepRun): RpcError {
  const message =
    'this sweeper shuts down and the run goes on: `holdfast admin sweep reports` tells how';
  return reasonError('SHUTTING_DOWN', message, { info: { run_id: runId } });
}

function notBegun({ runId, request, timeStarted }: SweepRun, clock: Clock): SweepReport {
  const elapsedMs = Math.max(0, clock.now() - timeStarted);
  const nothing = { findings: noFindings, truncated: false };
  return { runId, request, state: 'running', timeStarted, elapsedMs, ...nothing };
}
