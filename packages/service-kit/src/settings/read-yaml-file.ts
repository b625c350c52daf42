import { readFileSync, statSync } from 'node:fs';
import { isNode, LineCounter, parseDocument, type Document, type YAMLError } from 'yaml';
import { StartupError } from '../startup-error.js';
import { isGroup, type Group, type SettingPath } from './setting-path.js';

export interface YamlSettings {
  readonly settings: Group;
  /** Where in the file a setting stands. */
  origin(path: SettingPath): string | undefined;
}

const fileBytesMax = 1024 * 1024;
const aliasesMax = 100;
const problemsMax = 5;

export function readYamlFile(file: string): YamlSettings {
  const lines = new LineCounter();
  const document = parseDocument(readText(file), {
    lineCounter: lines,
    // Its messages would quote the file, and with it what may be a secret.
    prettyErrors: false,
  });
  const problems = [...document.errors, ...document.warnings].slice(0, problemsMax);
  const told = problems.map((problem) => describe(file, problem, lines));
  if (told.length > 0) throw new StartupError(told.join('\n'));
  return {
    settings: settingsOf(file, document),
    origin(path) {
      const node = document.getIn(path, true);
      if (!isNode(node) || node.range === undefined || node.range === null) return undefined;
      return `${file} line ${lines.linePos(node.range[0]).line}`;
    },
  };
}

function settingsOf(file: string, document: Document): Group {
  let settings: unknown;
  try {
    settings = document.toJS({ maxAliasCount: aliasesMax });
  } catch (cause) {
    throw new StartupError(`settings file ${file} refers to itself too often`, { cause });
  }
  // A file of nothing but comments.
  if (settings === null || settings === undefined) return {};
  if (isGroup(settings)) return settings;
  throw new StartupError(`settings file ${file} holds no settings; allowed: "name: value" lines`);
}

function readText(file: string): string {
  try {
    if (statSync(file).size > fileBytesMax) {
      throw new StartupError(`settings file ${file} is larger than ${fileBytesMax} bytes`);
    }
    return readFileSync(file, 'utf8');
  } catch (cause) {
    if (cause instanceof StartupError) throw cause;
    throw new StartupError(`settings file ${file} ${unreadable(cause)}`, { cause });
  }
}

function unreadable(cause: unknown): string {
  const { code } = cause as { readonly code?: unknown };
  if (code === 'ENOENT') return 'does not exist';
  if (code === 'EACCES') return 'may not be read by this user';
  if (code === 'EISDIR') return 'is a directory';
  return `cannot be read: ${String(code)}`;
}

/** What these errors say quotes the file, so it is said in other words. */
const plainWords: Readonly<Record<string, string>> = {
  BAD_ALIAS: 'a value that begins with * refers to an anchor that does not exist: quote it',
  BAD_DIRECTIVE: 'a line that begins with % is not understood',
  BAD_DQ_ESCAPE: 'an escape within double quotes is not understood: use single quotes',
  DUPLICATE_KEY: 'a setting is given twice',
  TAG_RESOLVE_FAILED: 'a value that begins with ! names an unknown type: quote it',
  UNEXPECTED_TOKEN: 'there is something that does not belong there',
  BAD_COLLECTION_TYPE: 'a value that begins with ! names a type that does not fit',
};

function describe(file: string, { code, message, pos }: YAMLError, lines: LineCounter): string {
  const { line, col } = lines.linePos(pos[0]);
  const words = plainWords[code] ?? message.split('\n', 1).join('');
  return `settings file ${file}, line ${line}, column ${col}, is no valid YAML: ${words}`;
}
