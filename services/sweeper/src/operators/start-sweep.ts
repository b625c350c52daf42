/**
 * Starts a run that somebody asks for, and tells how it goes.
 *
 * 1. Check the request. Another run of the duty is under way: refuse it.
 * 2. Put the run's job on the queue: whichever sweeper takes it. From here on the run needs no caller.
 * 3. Follow it, by what it notes, until it has ended, or until the caller goes away. Another run came
 *    before it after all, as two at once both find the way clear: refuse it.
 * 4. Send the report. The error of a run that has failed ends the call.
 */
import type { sweeper } from '@holdfast/contracts';
import {
  newSweepRunId,
  type SweepReport,
  type SweepRequest,
  type SweepRun,
} from '@holdfast/domain';
import type { DownloadHandler } from '@holdfast/rpc';
import { createAudit } from './audit.js';
import type { OperatorDependencies } from './dependencies.js';
import { followRun } from './follow-run.js';
import { reachQueue, rpcErrorOf, sweepRunning } from './sweep-errors.js';
import { progressMessage, reportMessage } from './sweep-messages.js';

/** The answers of all four triggers are alike. */
type Update = sweeper.RecoverChangesResponse;

export function createTrigger<Request>(
  read: (request: Request) => SweepRequest,
  dependencies: OperatorDependencies,
): DownloadHandler<Request, Update> {
  const { queue, clock, ids } = dependencies;

  async function start(request: SweepRequest): Promise<SweepRun> {
    const other = await queue.ledger.running(request.kind);
    if (other !== undefined) throw sweepRunning(other);
    const run = { runId: newSweepRunId(ids), request, timeStarted: clock.now() };
    await queue.add(run);
    return run;
  }

  return async (message, responses, context) => {
    const request = read(message);
    const run = await reachQueue(() => start(request));
    createAudit(dependencies, context).started(run);
    const tell = (report: SweepReport): Promise<void> =>
      responses.write({ update: { $case: 'progress', value: progressMessage(report) } });
    const report = await followRun(run, tell, { ...dependencies, signal: context.signal });
    await responses.write({ update: { $case: 'report', value: reportMessage(report) } });
    if (report.error !== undefined) throw rpcErrorOf(report.error);
  };
}
