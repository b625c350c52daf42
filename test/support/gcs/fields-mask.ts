import { invalid } from './api-error.js';

/** The names that a resource has; `any` below one that holds a user's own. */
export interface KnownFields {
  readonly [name: string]: KnownFields | 'any';
}

interface Selection extends Map<string, Selection | 'all'> {}

const depthMax = 10;

/** The part of a resource that the parameter `fields` selects, such as `items(name,size),kind`. */
export function selectFields(value: unknown, fields: string | undefined): unknown {
  return isSelective(fields) ? select(value, parseSelection(fields)) : value;
}

/** Before anything is done: who asks for a field that there is not has changed nothing. */
export function checkFields(fields: string | undefined, known: KnownFields): void {
  if (isSelective(fields)) checkSelection(parseSelection(fields), known);
}

function isSelective(fields: string | undefined): fields is string {
  return fields !== undefined && fields !== '' && fields !== '*';
}

function parseSelection(text: string): Selection {
  const selection: Selection = new Map();
  for (const part of splitTop(text)) add(selection, part, 0);
  return selection;
}

function add(selection: Selection, part: string, depth: number): void {
  const match = /^(?<name>[\w.*-]+)(?:\/(?<path>.+)|\((?<inner>.+)\))?$/u.exec(part);
  const name = match?.groups?.['name'];
  if (name === undefined || depth > depthMax) throw invalid(`Invalid field selection ${part}`);
  const path = match?.groups?.['path'];
  const below = match?.groups?.['inner'];
  if (path === undefined && below === undefined) {
    selection.set(name, 'all');
    return;
  }
  const existing = selection.get(name);
  if (existing === 'all') return;
  const inner: Selection = existing ?? new Map();
  selection.set(name, inner);
  for (const one of path === undefined ? splitTop(below ?? '') : [path]) add(inner, one, depth + 1);
}

/** At the commas that stand in no parentheses. */
function splitTop(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '(') depth += 1;
    if (character === ')') depth -= 1;
    if (depth < 0) throw invalid(`Invalid field selection ${text}`);
    if (character !== ',' || depth > 0) continue;
    parts.push(text.slice(start, at));
    start = at + 1;
  }
  if (depth !== 0) throw invalid(`Invalid field selection ${text}`);
  return [...parts, text.slice(start)];
}

function checkSelection(selection: Selection, known: KnownFields | 'any'): void {
  if (known === 'any') return;
  for (const [name, inner] of selection) {
    if (name === '*') continue;
    const below = Object.hasOwn(known, name) ? known[name] : undefined;
    if (below === undefined) throw invalid(`Invalid field selection ${name}`);
    if (inner !== 'all') checkSelection(inner, below);
  }
}

function select(value: unknown, selection: Selection): unknown {
  if (Array.isArray(value)) return value.map((one: unknown) => select(one, selection));
  if (typeof value !== 'object' || value === null) return value;
  const selected: Record<string, unknown> = {};
  for (const [name, inner] of Object.entries(value)) {
    const chosen = selection.get(name) ?? selection.get('*');
    if (chosen === undefined) continue;
    selected[name] = chosen === 'all' ? inner : select(inner, chosen);
  }
  return selected;
}
