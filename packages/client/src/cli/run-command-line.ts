import { createClient } from '../create-client.js';
import { toPublicError } from '../errors.js';
import type { Command } from './command.js';
import { commonFlags, deadlineOf, tlsOf } from './common-flags.js';
import { completionScript, completionShells } from './completion.js';
import { describeError } from './describe-error.js';
import { exitCodeOf, exitCodes } from './exit-code.js';
import { getCommand } from './get-command.js';
import { commandHelp, mainHelp, usageLine } from './help.js';
import type { Host } from './host.js';
import { listCommand } from './list-command.js';
import { createOutput, OutputClosed } from './output.js';
import { parseArguments, splitCommand } from './parse-arguments.js';
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
  const { name, rest } = splitCommand(args, commonFlags);
  const command = name === undefined ? undefined : commandOf(name);
  try {
    if (command !== undefined) return await runCommand(command, rest, host);
    if (name === 'completion') return await printCompletion(rest, host);
    if (name === undefined) return await runWithoutCommand(rest, host);
    throw new UsageError(`there is no command ${name}`);
  } catch (thrown) {
    return explain(toPublicError(thrown), command, host);
  }
}

function commandOf(name: string): Command | undefined {
  return commands.find((command) => name === command.name || name === command.alias);
}

async function runCommand(command: Command, args: readonly string[], host: Host): Promise<number> {
  const { flags, operands } = parseArguments(args, { ...commonFlags, ...command.flags });
  const out = createOutput(host.stdout);
  if (flags.isSet('help')) {
    await out.write(commandHelp(command));
    return exitCodes.ok;
  }
  if (operands.length < command.operandsMin || operands.length > command.operandsMax) {
    const many = operands.length < command.operandsMin ? 'too few' : 'too many';
    throw new UsageError(`${many} operands: ${command.operands} is expected`);
  }
  const client = createClient({
    address: flags.text('address') ?? host.address,
    tls: tlsOf(flags),
  });
  try {
    await client.connect({ signal: host.signal, deadlineMs: deadlineOf(flags) });
    return await command.run({
      host,
      client,
      out,
      err: createOutput(host.stderr),
      flags,
      operands,
    });
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
  await out.write(mainHelp(commands));
  return exitCodes.ok;
}

async function printCompletion(args: readonly string[], host: Host): Promise<number> {
  const { operands } = parseArguments(args, commonFlags);
  const shell = completionShells.find((known) => known === operands[0]);
  if (shell === undefined) throw new UsageError('holdfast completion bash|zsh is expected');
  await createOutput(host.stdout).write(completionScript(shell, commands));
  return exitCodes.ok;
}

async function explain(error: unknown, command: Command | undefined, host: Host): Promise<number> {
  if (error instanceof OutputClosed) return exitCodes.ok;
  if (host.signal.aborted) return exitCodes.interrupted;
  const usage = error instanceof UsageError ? `${usageLine(command)}\n` : '';
  await createOutput(host.stderr).write(`holdfast: ${describeError(error)}\n${usage}`);
  return exitCodeOf(error);
}
