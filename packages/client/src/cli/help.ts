import type { CommandText, FlagTable } from './command.js';
import { adminFlags, commonFlags } from './common-flags.js';
import { exitCodeHelp } from './exit-code.js';

/* The texts of `--help`, and the one line that follows a mistake. */

/** The commands for operators: each is named by two words. */
export const adminGroup = { name: 'admin', summary: 'Shows and steers cleanup, for operators' };

export function usageLine(command: CommandText | undefined): string {
  if (command === undefined) return 'usage: holdfast COMMAND [FLAGS] …; see holdfast --help';
  return `usage: ${formOf(command)}; see holdfast ${command.name} --help`;
}

function formOf({ name, operands }: CommandText): string {
  return `holdfast ${name} [FLAGS] ${operands}`.trimEnd();
}

export function mainHelp(commands: readonly CommandText[]): string {
  const names = [...commands, adminGroup].map(({ name, summary }) => [name, summary] as const);
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
      'holdfast admin stats',
    ]),
    '',
    'holdfast COMMAND --help tells more.',
  ]);
}

export function adminHelp(commands: readonly CommandText[]): string {
  const { name, summary } = adminGroup;
  return lines([
    `${summary}.`,
    '',
    `usage: holdfast ${name} COMMAND [FLAGS] …`,
    '',
    'They talk to the cleanup worker. A dead letter is a cleanup job that is out of attempts: its',
    'blobs stay where they are until it is retried, or discarded and left to the orphan sweep.',
    ...section('Commands', table(commands.map((one) => [wordAfter(name, one), one.summary]))),
    ...section('Flags of all of these', flagTable(adminFlags)),
    '',
    `holdfast ${name} COMMAND --help tells more.`,
  ]);
}

function wordAfter(group: string, { name }: CommandText): string {
  return name.slice(group.length + 1);
}

export function commandHelp(command: CommandText, common: FlagTable = commonFlags): string {
  const { alias, summary, notes, flags, examples } = command;
  const also = alias === undefined ? [] : ['', `holdfast ${alias} is the same.`];
  return lines([
    `${summary}.`,
    '',
    `usage: ${formOf(command)}`,
    ...(notes.length === 0 ? [] : ['', ...notes]),
    ...also,
    ...section('Flags', flagTable(flags)),
    ...section('Flags of all commands', flagTable(common)),
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
