import { parseArgs, type ParseArgsConfig } from 'node:util';
import type { FlagTable } from './command.js';
import { UsageError } from './usage-error.js';

/** The flags that were given. */
export interface Flags {
  isSet(name: string): boolean;
  text(name: string): string | undefined;
  texts(name: string): readonly string[];
}

export interface ParsedArguments {
  readonly flags: Flags;
  readonly operands: readonly string[];
}

type Options = NonNullable<ParseArgsConfig['options']>;

/** Throws a `UsageError` for what `table` does not know. */
export function parseArguments(args: readonly string[], table: FlagTable): ParsedArguments {
  const { values, positionals } = parse(args, table);
  const list = (name: string): readonly string[] => {
    const value = values[name];
    const all = Array.isArray(value) ? value : [value];
    return all.filter((text) => typeof text === 'string');
  };
  return {
    operands: positionals,
    flags: {
      isSet: (name) => values[name] === true,
      text: (name) => list(name).at(-1),
      texts: list,
    },
  };
}

/** Parts the command's name from flags before and after it. */
export function splitCommand(
  args: readonly string[],
  table: FlagTable,
): { readonly name: string | undefined; readonly rest: readonly string[] } {
  const config = {
    args: [...args],
    options: optionsOf(table),
    strict: false,
    tokens: true,
  } as const;
  const { tokens } = parseArgs({ ...config, allowPositionals: true });
  const first = tokens.find(({ kind }) => kind === 'positional');
  if (first === undefined) return { name: undefined, rest: args };
  return { name: args[first.index], rest: args.toSpliced(first.index, 1) };
}

function parse(args: readonly string[], table: FlagTable) {
  try {
    return parseArgs({ args: [...args], options: optionsOf(table), allowPositionals: true });
  } catch (error) {
    throw new UsageError(firstSentence(error), { cause: error });
  }
}

function optionsOf(table: FlagTable): Options {
  const options: Options = {};
  for (const [name, { value, short, isList }] of Object.entries(table)) {
    const type = value === undefined ? 'boolean' : 'string';
    options[name] = { type, multiple: isList === true, ...(short === undefined ? {} : { short }) };
  }
  return options;
}

/** `Unknown option '--x'` goes on with advice that suits no one here. */
function firstSentence(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const sentence = text.split(/\. |\n/)[0] ?? text;
  return sentence.charAt(0).toLowerCase() + sentence.slice(1);
}
