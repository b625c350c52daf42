import { deadlineOf, sweepFlags, tlsOf } from '../../common-flags.js';
import { exitCodes } from '../../exit-code.js';
import { explainFailure } from '../../explain-failure.js';
import { groupHelp, sweepGroup } from '../../help.js';
import type { Host } from '../../host.js';
import { createOutput } from '../../output.js';
import { parseArguments, splitCommand } from '../../parse-arguments.js';
import { parseCommand } from '../../parse-command.js';
import { UsageError } from '../../usage-error.js';
import { cancelCommand } from './cancel-command.js';
import { dutyCommands } from './duty-commands.js';
import { reportsCommand } from './reports-command.js';
import type { SweepCommand } from './sweep-command.js';
import { createSweeperClient } from './sweeper-client.js';

export const sweepCommands: readonly SweepCommand[] = [
  ...dutyCommands,
  reportsCommand,
  cancelCommand,
];

/** Runs what follows `holdfast admin sweep`, and answers the exit code. */
export async function runSweep(args: readonly string[], host: Host): Promise<number> {
  const { name, rest } = splitCommand(args, sweepFlags);
  const fullName = `${sweepGroup.name} ${name ?? ''}`;
  const command = sweepCommands.find((known) => known.name === fullName);
  try {
    if (command !== undefined) return await runCommand(command, rest, host);
    if (name === undefined) return await runWithoutCommand(rest, host);
    throw new UsageError(`there is no command ${fullName}`);
  } catch (thrown) {
    return explainFailure(thrown, command ?? sweepGroup, host);
  }
}

async function runCommand(
  command: SweepCommand,
  args: readonly string[],
  host: Host,
): Promise<number> {
  const out = createOutput(host.stdout);
  const parsed = await parseCommand(command, sweepFlags, args, out);
  if (parsed === undefined) return exitCodes.ok;
  const { flags, operands } = parsed;
  const sweeper = createSweeperClient({
    address: flags.text('sweeper') ?? host.sweeper,
    tls: tlsOf(flags),
  });
  const terms = { signal: host.signal, deadlineMs: deadlineOf(flags) };
  try {
    await sweeper.connect(terms);
    const err = createOutput(host.stderr);
    return await command.run({ host, sweeper, terms, out, err, flags, operands });
  } finally {
    sweeper.close();
  }
}

async function runWithoutCommand(args: readonly string[], host: Host): Promise<number> {
  const { flags } = parseArguments(args, sweepFlags);
  if (!flags.isSet('help')) throw new UsageError(`a command is expected after ${sweepGroup.name}`);
  await createOutput(host.stdout).write(groupHelp(sweepGroup, sweepCommands));
  return exitCodes.ok;
}
