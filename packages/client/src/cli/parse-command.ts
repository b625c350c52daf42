import type { CommandText, FlagTable } from './command.js';
import { commandHelp } from './help.js';
import type { Output } from './output.js';
import { parseArguments, type ParsedArguments } from './parse-arguments.js';
import { UsageError } from './usage-error.js';

/**
 * Reads what follows the name of a command, with the flags that all of its kind have in `common`.
 * Answers `undefined` where only the help was asked for, which is printed by then.
 */
export async function parseCommand(
  command: CommandText,
  common: FlagTable,
  args: readonly string[],
  out: Output,
): Promise<ParsedArguments | undefined> {
  const parsed = parseArguments(args, { ...common, ...command.flags });
  if (parsed.flags.isSet('help')) {
    await out.write(commandHelp(command, common));
    return undefined;
  }
  const count = parsed.operands.length;
  if (count >= command.operandsMin && count <= command.operandsMax) return parsed;
  const many = count < command.operandsMin ? 'too few' : 'too many';
  const expected = command.operands === '' ? 'none' : command.operands;
  throw new UsageError(`${many} operands: ${expected} is expected`);
}
