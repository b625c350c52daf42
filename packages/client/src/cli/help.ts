import type { CommandText, FlagTable } from './command.js';
import { adminFlags, commonFlags, sweepFlags } from './common-flags.js';
import { exitCodeHelp } from './exit-code.js';

/* The texts of `--help`, and the one line that follows a mistake. */

/** Commands whose names begin with the same words. */
export interface CommandGroup {
  readonly name: string;
  readonly summary: string;
  /** What is worth saying about all of them. */
  readonly notes: readonly string[];
  readonly flags: FlagTable;
}

export const adminGroup: CommandGroup = {
  name: 'admin',
  summary: 'Shows and steers cleanup and sweeps, for operators',
  notes: [
    'They talk to the cleanup worker, those of sweep to the sweeper. A dead letter is a cleanup job',
    'that is out of attempts: its blobs stay where they are until it is retried, or discarded and',
    'left to the orphan sweep.',
  ],
  flags: adminFlags,
};

export const sweepGroup: CommandGroup = {
  name: 'admin sweep',
  summary: 'Finds what crashes and lost queues have left behind; these talk to the sweeper',
  notes: [
    'The sweeper does all of this by itself, on a schedule: these begin a run now, show what runs',
    'have done, and end them. A run never touches what is in use.',
  ],
  flags: sweepFlags,
};

/** What a command line is about, as far as that is known: one command, or some of which it names none. */
export type HelpTopic = CommandText | CommandGroup | undefined;

export function usageLine(topic: HelpTopic): string {
  if (topic === undefined) return 'usage: holdfast COMMAND [FLAGS] …; see holdfast --help';
  const form = 'operands' in topic ? formOf(topic) : groupForm(topic);
  return `usage: ${form}; see holdfast ${topic.name} --help`;
}

function formOf({ name, operands }: CommandText): string {
  return `holdfast ${name} [FLAGS] ${operands}`.trimEnd();
}

function groupForm({ name }: CommandGroup): string {
  return `holdfast ${name} COMMAND [FLAGS] …`;
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

export function groupHelp(
  group: CommandGroup,
  commands: readonly Pick<CommandText, 'name' | 'summary'>[],
): string {
  const { name, summary, notes, flags } = group;
  return lines([
    `${summary}.`,
    '',
    `usage: ${groupForm(group)}`,
    '',
    ...notes,
    ...section('Commands', table(commands.map((one) => [wordAfter(name, one), one.summary]))),
    ...section('Flags of all of these', flagTable(flags)),
    '',
    `holdfast ${name} COMMAND --help tells more.`,
  ]);
}

/** What a command of a group is called there. */
export function wordAfter(group: string, { name }: Pick<CommandText, 'name'>): string {
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
