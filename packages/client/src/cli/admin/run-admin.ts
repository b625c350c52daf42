import { adminFlags, deadlineOf, sweepFlags, tlsOf } from '../common-flags.js';
import { exitCodes } from '../exit-code.js';
import { explainFailure } from '../explain-failure.js';
import { adminGroup, groupHelp, sweepGroup } from '../help.js';
import type { Host } from '../host.js';
import { createOutput } from '../output.js';
import { parseArguments, splitCommand } from '../parse-arguments.js';
import { parseCommand } from '../parse-command.js';
import { UsageError } from '../usage-error.js';
import type { AdminCommand } from './admin-command.js';
import { createCleanupClient } from './cleanup-client.js';
import { deadLettersCommand } from './dead-letters-command.js';
import { discardCommand } from './discard-command.js';
import { pauseCommand, resumeCommand } from './pause-command.js';
import { retryCommand } from './retry-command.js';
import { statsCommand } from './stats-command.js';
import { runSweep } from './sweep/run-sweep.js';

export const adminCommands: readonly AdminCommand[] = [
  statsCommand,
  deadLettersCommand,
  retryCommand,
  discardCommand,
  pauseCommand,
  resumeCommand,
];

/** Runs what follows `holdfast admin`, and answers the exit code. */
export async function runAdmin(args: readonly string[], host: Host): Promise<number> {
  const { name, rest } = splitCommand(args, { ...sweepFlags, ...adminFlags });
  const fullName = `${adminGroup.name} ${name ?? ''}`;
  if (fullName === sweepGroup.name) return runSweep(rest, host);
  const command = adminCommands.find((known) => known.name === fullName);
  try {
    if (command !== undefined) return await runCommand(command, rest, host);
    if (name === undefined) return await runWithoutCommand(rest, host);
    throw new UsageError(`there is no command ${fullName}`);
  } catch (thrown) {
    return explainFailure(thrown, command ?? adminGroup, host);
  }
}

async function runCommand(
  command: AdminCommand,
  args: readonly string[],
  host: Host,
): Promise<number> {
  const out = createOutput(host.stdout);
  const parsed = await parseCommand(command, adminFlags, args, out);
  if (parsed === undefined) return exitCodes.ok;
  const { flags, operands } = parsed;
  const cleanup = createCleanupClient({
    address: flags.text('cleanup-worker') ?? host.cleanupWorker,
    tls: tlsOf(flags),
  });
  const terms = { signal: host.signal, deadlineMs: deadlineOf(flags) };
  try {
    await cleanup.connect(terms);
    const err = createOutput(host.stderr);
    return await command.run({ host, cleanup, terms, out, err, flags, operands });
  } finally {
    cleanup.close();
  }
}

async function runWithoutCommand(args: readonly string[], host: Host): Promise<number> {
  const { flags } = parseArguments(args, adminFlags);
  if (!flags.isSet('help')) throw new UsageError(`a command is expected after ${adminGroup.name}`);
  await createOutput(host.stdout).write(groupHelp(adminGroup, [...adminCommands, sweepGroup]));
  return exitCodes.ok;
}
