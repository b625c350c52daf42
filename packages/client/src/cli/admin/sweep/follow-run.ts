import { sweeper } from '@holdfast/contracts';
import { HoldfastError } from '../../../errors.js';
import { exitCodeOf, exitCodes } from '../../exit-code.js';
import { describeError } from '../../describe-error.js';
import { printable } from '../../format-quantity.js';
import { jsonLine } from '../../object-json.js';
import { reportError } from './report-error.js';
import { reportJson } from './report-json.js';
import { reportText } from './report-text.js';
import { createRunProgress, type RunProgress } from './run-progress.js';
import type { SweepContext } from './sweep-command.js';
import type { SweepUpdate } from './sweeper-client.js';

const { SweepState } = sweeper;

/**
 * Shows a run to its end:
 *
 * 1. its progress, on standard error;
 * 2. its report, on standard output, also that of a run that failed;
 * 3. the exit code: why it failed, or 6 where it met damage, or 1 where it was cancelled, or 0.
 *
 * Whoever goes away, or loses the connection, is told that the run goes on and how to cancel it.
 */
export async function followRun(
  context: SweepContext,
  word: string,
  updates: AsyncIterable<SweepUpdate>,
): Promise<number> {
  const progress = createRunProgress(context, word);
  let report: sweeper.SweepReport | undefined;
  let failure: unknown;
  try {
    for await (const update of updates) {
      if (update.$case === 'report') report = update.value;
      else await progress.show(update.value);
    }
  } catch (error) {
    failure = error;
  }
  progress.clear();
  if (report !== undefined) return tellReport(context, report, failure);
  return tellLoss(context, progress, failure);
}

async function tellReport(
  { host, flags, out, err }: SweepContext,
  report: sweeper.SweepReport,
  failure: unknown,
): Promise<number> {
  const isJson = flags.isSet('json');
  await out.write(isJson ? jsonLine(reportJson(report)) : reportText(report, host.outputColumns));
  switch (report.state) {
    case SweepState.CANCELLED:
      await err.write('holdfast: the run was cancelled\n');
      return exitCodes.failed;
    case SweepState.FAILED: {
      const error = failure ?? reportError(report);
      await err.write(`holdfast: the run failed: ${describeError(error)}\n`);
      return exitCodeOf(error);
    }
    case SweepState.ENDED:
    case SweepState.RUNNING:
    case SweepState.UNSPECIFIED:
    case SweepState.UNRECOGNIZED:
      return report.damaged > 0n ? exitCodes.damaged : exitCodes.ok;
  }
}

/** There is no report: it was refused, or it goes on without us. */
async function tellLoss(
  context: SweepContext,
  progress: RunProgress,
  failure: unknown,
): Promise<number> {
  const { host, err } = context;
  const error = failure ?? new Error('the sweeper ended the call without a report');
  if (!host.signal.aborted) await err.write(`holdfast: ${describeError(error)}\n`);
  const hint = hintOf(context, progress.runId(), error);
  if (hint !== '') await err.write(`holdfast: ${printable(hint)}\n`);
  return host.signal.aborted ? exitCodes.interrupted : exitCodeOf(error);
}

function hintOf({ flags }: SweepContext, runId: string | undefined, error: unknown): string {
  const address = flags.text('sweeper');
  const command = `holdfast admin sweep${address === undefined ? '' : ` --sweeper ${address}`}`;
  const told = error instanceof HoldfastError ? error : undefined;
  const left = runId ?? (told?.reason === 'SHUTTING_DOWN' ? told.info['run_id'] : undefined);
  if (left !== undefined) {
    const goesOn = isSureToGoOn(told) ? 'the run goes on' : 'the run may go on';
    return `${goesOn}; to cancel it: ${command} cancel ${left}`;
  }
  const other = told?.reason === 'SWEEP_RUNNING' ? told.info['run_id'] : undefined;
  if (other !== undefined) return `to cancel the run that is under way: ${command} cancel ${other}`;
  return mayHaveBegun(told) ? `it may have begun: ${command} reports tells` : '';
}

/** We have left the call, or the sweeper has, which leaves its runs to the next one. */
function isSureToGoOn(error: HoldfastError | undefined): boolean {
  if (error === undefined) return false;
  const { code, reason } = error;
  return code === 'CANCELLED' || code === 'DEADLINE_EXCEEDED' || reason === 'SHUTTING_DOWN';
}

const unansweredCodes: ReadonlySet<string> = new Set([
  'CANCELLED',
  'DEADLINE_EXCEEDED',
  'UNAVAILABLE',
]);

/** The call was sent, and its answer did not come. A sweeper that shuts down has begun nothing. */
function mayHaveBegun(error: HoldfastError | undefined): boolean {
  if (error === undefined || error.reason === 'SHUTTING_DOWN') return false;
  return unansweredCodes.has(error.code);
}
