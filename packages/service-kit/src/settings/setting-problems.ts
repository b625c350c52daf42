import type { z } from 'zod';
import { isSecretName, redactText } from '../logging/redact.js';
import { describeAllowed } from './describe-allowed.js';
import {
  definitionOf,
  innerSchemas,
  knownKeys,
  metaOf,
  schemasAt,
  variantsOf,
} from './schema-shape.js';
import { formatPath, isGroup, valueAt, type SettingPath } from './setting-path.js';

/** Where a setting came from: a line of a file, a variable. */
export type OriginOf = (path: SettingPath) => string | undefined;

export interface GivenSettings {
  readonly schema: z.ZodType;
  readonly given: unknown;
  readonly originOf: OriginOf;
}

interface Problem {
  readonly path: SettingPath;
  readonly text: string;
}

/** What is wrong, one line for each setting. */
export function settingProblems(
  settings: GivenSettings,
  issues: readonly z.core.$ZodIssue[],
): readonly string[] {
  const problems = [
    ...unknownSettings(settings),
    ...issues.flatMap((issue) => wrong(settings, issue)),
  ];
  const byPath = new Map<string, string>();
  for (const { path, text } of problems) {
    const name = formatPath(path);
    if (!byPath.has(name)) byPath.set(name, text);
  }
  return [...byPath.values()];
}

const groupTypes: ReadonlySet<string> = new Set(['object', 'record', 'array']);

/** Also where the schema itself would let them pass: a misspelled setting would silently be none. */
function unknownSettings(settings: GivenSettings): readonly Problem[] {
  return unknownWithin(settings, [settings.schema], settings.given, []);
}

function unknownWithin(
  settings: GivenSettings,
  schemas: readonly z.core.$ZodType[],
  given: unknown,
  path: SettingPath,
): readonly Problem[] {
  if (typeof given !== 'object' || given === null) return [];
  const variants = schemas.flatMap((schema) => variantsOf(schema, given));
  const takesGroups = variants.some((variant) => groupTypes.has(definitionOf(variant).type));
  // It is wrong as a whole, which the schema says.
  if (!takesGroups) return [];
  const entries: [PropertyKey, unknown][] = Array.isArray(given)
    ? [...given.entries()]
    : Object.entries(given);
  return entries.flatMap(([key, value]) => {
    const inner = variants.flatMap((variant) => innerSchemas(variant, key));
    const at = [...path, key];
    if (inner.length > 0) return unknownWithin(settings, inner, value, at);
    return isGroup(given) ? [unknown(settings, at)] : [];
  });
}

function unknown({ schema, given, originOf }: GivenSettings, path: SettingPath): Problem {
  const around = path.slice(0, -1);
  const known = schemasAt([schema], around, given)
    .flatMap((found) => variantsOf(found, valueAt(given, around)))
    .flatMap(knownKeys);
  const allowed = [...new Set(known)].toSorted().join(', ');
  return { path, text: `${named(path, originOf)} is no setting; allowed here: ${allowed}` };
}

function wrong(settings: GivenSettings, issue: z.core.$ZodIssue): readonly Problem[] {
  const { path } = issue;
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => unknown(settings, [...path, key]));
  }
  const schemas = schemasAt([settings.schema], path, settings.given);
  const value = valueAt(settings.given, path);
  const allowed = allowedBy(schemas, issue);
  const name = path.length === 0 ? 'the settings' : named(path, settings.originOf);
  if (isGroup(value) && issue.code === 'custom')
    return [{ path, text: `${name}: ${issue.message}` }];
  if (value === undefined) return [{ path, text: `${name} is missing; allowed: ${allowed}` }];
  const isSecret = path.some((key) => isSecretName(String(key))) || schemas.some(holdsSecret);
  const shown = isSecret ? 'a secret that is not shown here' : show(value);
  return [{ path, text: `${name} is ${shown}; allowed: ${allowed}` }];
}

/** A rule about a text says more than that it is a text. */
function allowedBy(schemas: readonly z.core.$ZodType[], issue: z.core.$ZodIssue): string {
  const described = describeAllowed(schemas);
  const isRule = issue.code !== 'invalid_type' && (described === 'a text' || described === '');
  return isRule ? issue.message : described;
}

function holdsSecret(schema: z.core.$ZodType): boolean {
  const all = [schema, ...variantsOf(schema)];
  return all.some((found) => {
    const def = definitionOf(found);
    return metaOf(found, 'isSecret') === true || (def.type === 'array' && holdsSecret(def.element));
  });
}

function named(path: SettingPath, originOf: OriginOf): string {
  const origin = originOf(path);
  return origin === undefined ? formatPath(path) : `${formatPath(path)} (from ${origin})`;
}

const shownCharactersMax = 80;

function show(value: unknown): string {
  if (typeof value === 'string') {
    const text = redactText(value);
    const cut = text.length > shownCharactersMax ? `${text.slice(0, shownCharactersMax)}…` : text;
    return JSON.stringify(cut.toWellFormed()).replaceAll(/[\u007f-\u009f\u2028\u2029]/g, '?');
  }
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  return isGroup(value) ? 'a group of settings' : String(value);
}
