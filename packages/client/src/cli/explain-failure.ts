import { toPublicError } from '../errors.js';
import { describeError } from './describe-error.js';
import { exitCodeOf, exitCodes } from './exit-code.js';
import { usageLine, type HelpTopic } from './help.js';
import type { Host } from './host.js';
import { createOutput, OutputClosed } from './output.js';
import { UsageError } from './usage-error.js';

/** Says on standard error why the command ended, and answers the exit code. */
export async function explainFailure(
  thrown: unknown,
  topic: HelpTopic,
  host: Host,
): Promise<number> {
  const error = toPublicError(thrown);
  if (error instanceof OutputClosed) return exitCodes.ok;
  if (host.signal.aborted) return exitCodes.interrupted;
  const usage = error instanceof UsageError ? `${usageLine(topic)}\n` : '';
  await createOutput(host.stderr).write(`holdfast: ${describeError(error)}\n${usage}`);
  return exitCodeOf(error);
}
