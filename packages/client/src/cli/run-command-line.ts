import { createClient } from '../create-client.js';
import { adminCommands, runAdmin } from './admin/run-admin.js';
import { sweepCommands } from './admin/sweep/run-sweep.js';
import { bootstrapCommand } from './bootstrap/bootstrap-command.js';
import { runBootstrap } from './bootstrap/run-bootstrap.js';
import type { Command } from './command.js';
import { adminFlags, commonFlags, deadlineOf, sweepFlags, tlsOf } from './common-flags.js';
import { completionScript, completionShells } from './completion.js';
import { exitCodes } from './exit-code.js';
import { explainFailure } from './explain-failure.js';
import { getCommand } from './get-command.js';
import { adminGroup, mainHelp } from './help.js';
import type { Host } from './host.js';
import { listCommand } from './list-command.js';
import { createOutput } from './output.js';
import { parseArguments, splitCommand } from './parse-arguments.js';
import { parseCommand } from './parse-command.js';
import { putCommand } from './put-command.js';
import { removeCommand } from './remove-command.js';
import { statCommand } from './stat-command.js';
import { UsageError } from './usage-error.js';

const commands: readonly Command[] = [
  putCommand,
  getCommand,
  statCommand,
  listCommand,
  removeCommand,
];

/** How long calls that ran when the command ended may take to end well. */
const drainMsMax = 1_000;

/** Runs one command line and answers the exit code. What goes wrong is said on standard error. */
export async function runCommandLine(args: readonly string[], host: Host): Promise<number> {
  const { name, rest } = splitCommand(args, {
    ...bootstrapCommand.flags,
    ...sweepFlags,
    ...adminFlags,
    ...commonFlags,
  });
  if (name === adminGroup.name) return runAdmin(rest, host);
  if (name === bootstrapCommand.name) return runBootstrap(rest, host);
  const command = name === undefined ? undefined : commandOf(name);
  try {
    if (command !== undefined) return await runCommand(command, rest, host);
    if (name === 'completion') return await printCompletion(rest, host);
    if (name === undefined) return await runWithoutCommand(rest, host);
    throw new UsageError(`there is no command ${name}`);
  } catch (thrown) {
    return explainFailure(thrown, command, host);
  }
}

function commandOf(name: string): Command | undefined {
  return commands.find((command) => name === command.name || name === command.alias);
}

async function runCommand(command: Command, args: readonly string[], host: Host): Promise<number> {
  const out = createOutput(host.stdout);
  const parsed = await parseCommand(command, commonFlags, args, out);
  if (parsed === undefined) return exitCodes.ok;
  const { flags, operands } = parsed;
  const client = createClient({
    address: flags.text('address') ?? host.address,
    tls: tlsOf(flags),
  });
  try {
    await client.connect({ signal: host.signal, deadlineMs: deadlineOf(flags) });
    const err = createOutput(host.stderr);
    return await command.run({ host, client, out, err, flags, operands });
  } finally {
    await client.close(host.signal.aborted ? 0 : drainMsMax);
  }
}

async function runWithoutCommand(args: readonly string[], host: Host): Promise<number> {
  const version = { version: { help: 'print the version' } };
  const { flags } = parseArguments(args, { ...commonFlags, ...version });
  const out = createOutput(host.stdout);
  if (flags.isSet('version')) {
    await out.write(`holdfast ${host.version}\n`);
    return exitCodes.ok;
  }
  if (!flags.isSet('help')) throw new UsageError('a command is expected');
  await out.write(mainHelp([...commands, bootstrapCommand]));
  return exitCodes.ok;
}

async function printCompletion(args: readonly string[], host: Host): Promise<number> {
  const { operands } = parseArguments(args, commonFlags);
  const shell = completionShells.find((known) => known === operands[0]);
  if (shell === undefined) throw new UsageError('holdfast completion bash|zsh is expected');
  await createOutput(host.stdout).write(
    completionScript(shell, commands, adminCommands, sweepCommands),
  );
  return exitCodes.ok;
}
