import type { Command, FlagTable } from './command.js';
import { commonFlags } from './common-flags.js';
import { exitCodeHelp } from './exit-code.js';

/** The texts of `--help`, and the one line that follows a mistake. */

export function usageLine(command: Command | undefined): string {
  if (command === undefined) return 'usage: holdfast COMMAND [FLAGS] …; see holdfast --help';
  return `usage: holdfast ${command.name} [FLAGS] ${command.operands}; see holdfast ${command.name} --help`;
}

export function mainHelp(commands: readonly Command[]): string {
  const names = commands.map(({ name, summary }) => [name, summary] as const);
  return lines([
    'Puts, gets and deletes blobs in Holdfast.',
    '',
    'usage: holdfast COMMAND [FLAGS] …',
    '',
    'An object is named usecase[/name=value...]:key, photos/org=42:2026/cat.jpg for one.',
    ...section('Commands', table(names)),
    ...section('Flags of all commands', flagTable(commonFlags)),
    ...section('Exit codes', exitCodeHelp),
    ...section('Examples', [
      'holdfast put cat.jpg photos/org=42:2026/cat.jpg',
      'holdfast get photos/org=42:2026/cat.jpg -o cat.jpg',
      'holdfast ls photos/org=42:2026/',
    ]),
    '',
    'holdfast COMMAND --help tells more.',
  ]);
}

export function commandHelp(command: Command): string {
  const { name, alias, summary, operands, notes, flags, examples } = command;
  const also = alias === undefined ? [] : ['', `holdfast ${alias} is the same.`];
  return lines([
    `${summary}.`,
    '',
    `usage: holdfast ${name} [FLAGS] ${operands}`,
    ...(notes.length === 0 ? [] : ['', ...notes]),
    ...also,
    ...section('Flags', flagTable(flags)),
    ...section('Flags of all commands', flagTable(commonFlags)),
    ...section(
      'Examples',
      examples.flatMap(([what, line]) => [`# ${what}`, line]),
    ),
  ]);
}

function section(title: string, content: readonly string[]): readonly string[] {
  return content.length === 0 ? [] : ['', `${title}:`, ...content.map((line) => `  ${line}`)];
}

function flagTable(flags: FlagTable): readonly string[] {
  return table(
    Object.entries(flags).map(([name, { short, value, help }]) => {
      const shortForm = short === undefined ? '' : `-${short}, `;
      return [`${shortForm}--${name}${value === undefined ? '' : ` ${value}`}`, help] as const;
    }),
  );
}

function table(rows: readonly (readonly [string, string])[]): readonly string[] {
  const width = Math.max(0, ...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `${left.padEnd(width)}  ${right}`);
}

function lines(all: readonly string[]): string {
  return `${all.join('\n')}\n`;
}
