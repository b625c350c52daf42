import type { cleanup } from '@holdfast/contracts';
import { exitCodeOf, exitCodes } from '../exit-code.js';
import type { AdminContext } from './admin-command.js';
import { idLists, readNamedLetters } from './letter-operands.js';
import { createLetterReport, type ActOutcome, type LetterReport } from './letter-report.js';

export interface LetterAction {
  /** The word for a letter with which it went well, as it is printed and as `--json` has it. */
  readonly done: string;
  /** Letters may come back while it goes on, so that there may always be more. */
  readonly mayComeBack: boolean;
  act(selection: cleanup.DeadLetterSelection): Promise<ActOutcome>;
}

/**
 * Acts on the dead letters that the command line names, as many as a call takes at a time:
 *
 * - those named by their ids, each once;
 * - those that match, for as long as there are more. It ends when a call gets nowhere, because the next
 *   one would not either, and when as many are done as there were to begin with: those that come back
 *   meanwhile would keep it busy for ever.
 */
export async function actOnLetters(context: AdminContext, action: LetterAction): Promise<number> {
  const named = readNamedLetters(context);
  const present = named.kind === 'filter' ? await presentLetters(context) : 0;
  const isAll = named.kind === 'filter' && named.isAll;
  const report = createLetterReport(context, action.done, isAll ? present : undefined);
  let isComplete = true;
  try {
    if (named.kind === 'ids') await actById(context, action, report);
    else isComplete = await actByFilter(named.filter, present, action, report);
  } catch (error) {
    // What was done is done, and worth knowing.
    if (report.count() > 0) await report.summary().catch(() => undefined);
    throw error;
  } finally {
    report.clear();
  }
  await report.summary();
  if (report.failure() === undefined) return isComplete ? exitCodes.ok : exitCodes.failed;
  const isSingle = named.kind === 'ids' && named.isSingle && report.isSingleFailure();
  return isSingle ? exitCodeOf(report.failure()) : exitCodes.failed;
}

/** How many there are to begin with. */
async function presentLetters({ cleanup, terms }: AdminContext): Promise<number> {
  const { queues } = await cleanup.getStats({}, terms);
  return queues.reduce((sum, { deadLetters }) => sum + Number(deadLetters), 0);
}

async function actById(
  context: AdminContext,
  action: LetterAction,
  report: LetterReport,
): Promise<void> {
  for await (const ids of idLists(context)) {
    await report.add(await action.act({ selection: { $case: 'ids', value: { ids } } }));
  }
}

/** Answers whether it got to the end of what was there. */
async function actByFilter(
  filter: cleanup.DeadLetterFilter,
  present: number,
  action: LetterAction,
  report: LetterReport,
): Promise<boolean> {
  for (;;) {
    const outcome = await action.act({ selection: { $case: 'filter', value: filter } });
    await report.add(outcome);
    if (outcome.isRepeated) {
      await report.note(`an answer was lost: more may be ${action.done} than are counted`);
    }
    if (!outcome.more) return true;
    if (outcome.count === 0) {
      await report.note(`none of the oldest could be ${action.done}; the others are left alone`);
      return false;
    }
    if (action.mayComeBack && report.count() >= present) {
      await report.note('there are new dead letters by now; they are left alone');
      return true;
    }
  }
}
