import type { Client } from '../create-client.js';
import type { Flags } from './parse-arguments.js';
import type { Host } from './host.js';
import type { Output } from './output.js';

/** One flag of a command. With `value`, a word for it, it takes one. */
export interface Flag {
  readonly value?: string;
  readonly short?: string;
  /** It may be given more than once. */
  readonly isList?: true;
  /** What follows it is the name of a file. */
  readonly isFile?: true;
  readonly help: string;
}

export type FlagTable = Readonly<Record<string, Flag>>;

/** What a command works with. */
export interface CommandContext {
  readonly host: Host;
  readonly client: Client;
  readonly out: Output;
  readonly err: Output;
  readonly flags: Flags;
  readonly operands: readonly string[];
}

/** What there is to say about a command. */
export interface CommandText {
  /** What follows `holdfast` on the command line; two words for one of a group. */
  readonly name: string;
  /** Another name it answers to. */
  readonly alias?: string;
  readonly summary: string;
  /** What follows the name on the command line. */
  readonly operands: string;
  /** How many operands there may be. */
  readonly operandsMin: number;
  readonly operandsMax: number;
  /** What is worth saying beyond the flags. */
  readonly notes: readonly string[];
  readonly flags: FlagTable;
  /** Pairs of what it is for and the command line. */
  readonly examples: readonly (readonly [what: string, line: string])[];
}

export interface Command extends CommandText {
  /** Answers the exit code. */
  run(context: CommandContext): Promise<number>;
}
