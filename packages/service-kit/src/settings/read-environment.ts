import type { z } from 'zod';
import { definitionOf, schemasAt, variantsOf, type Variant } from './schema-shape.js';

export interface EnvironmentSetting {
  readonly variable: string;
  readonly path: readonly string[];
  readonly value: unknown;
}

const prefix = 'HOLDFAST_';
/** Of the command and of the tests, which may run in the same shell. */
const variablesOfOthers: ReadonlySet<string> = new Set([
  'HOLDFAST_ADDRESS',
  'HOLDFAST_CLEANUP_WORKER',
  'HOLDFAST_SWEEPER',
  'HOLDFAST_REQUIRE_ALL',
]);
/** What Kubernetes sets in every container for a service whose name begins with ours. */
const serviceLink =
  /_SERVICE_HOST$|_SERVICE_PORT(_[A-Z0-9_]+)?$|_PORT_\d+_(TCP|UDP|SCTP)(_[A-Z]+)?$/;
const serviceLinkValue = /^(tcp|udp|sctp):\/\//;

/**
 * The settings that the environment gives: `HOLDFAST_LIMITS__IN_FLIGHT_MAX` is `limits.inFlightMax`.
 * Their texts become what the schema takes there; lists are separated by commas. An empty variable is
 * as good as none.
 */
export function readEnvironment(
  env: NodeJS.ProcessEnv,
  schema: z.ZodType,
): readonly EnvironmentSetting[] {
  return Object.keys(env)
    .toSorted()
    .flatMap((variable) => {
      const text = env[variable] ?? '';
      if (!variable.startsWith(prefix) || text === '' || isOfOthers(variable, text)) return [];
      const path = variable.slice(prefix.length).split('__').map(camelCase);
      return [{ variable, path, value: coerce(text, variantsAt(schema, path)) }];
    });
}

function isOfOthers(variable: string, text: string): boolean {
  if (variablesOfOthers.has(variable) || serviceLink.test(variable)) return true;
  return variable.endsWith('_PORT') && serviceLinkValue.test(text);
}

function camelCase(name: string): string {
  return name.toLowerCase().replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

function variantsAt(schema: z.ZodType, path: readonly string[]): readonly Variant[] {
  return schemasAt([schema], path).flatMap((found) => variantsOf(found));
}

const numeric = /^-?\d{1,16}(\.\d{1,16})?$/;

/** What fits no type stays a text, for the schema to refuse. */
function coerce(text: string, variants: readonly Variant[]): unknown {
  const types = new Set(variants.map((variant) => definitionOf(variant).type));
  if (isLiteral(text, variants)) return text;
  if (types.has('boolean') && (text === 'true' || text === 'false')) return text === 'true';
  if (takesNumbers(variants) && numeric.test(text)) return Number(text);
  if (!types.has('array') || types.has('string')) return text;
  const elements = variants.flatMap(elementVariants);
  return text.split(',').flatMap((entry) => {
    return entry.trim() === '' ? [] : [coerce(entry.trim(), elements)];
  });
}

function isLiteral(text: string, variants: readonly Variant[]): boolean {
  return variants.some((variant) => {
    const def = definitionOf(variant);
    if (def.type === 'literal') return def.values.includes(text);
    return def.type === 'enum' && Object.values(def.entries).includes(text);
  });
}

function takesNumbers(variants: readonly Variant[]): boolean {
  return variants.some((variant) => {
    const def = definitionOf(variant);
    if (def.type === 'literal') return def.values.some((value) => typeof value === 'number');
    return def.type === 'number';
  });
}

function elementVariants(variant: Variant): readonly Variant[] {
  const def = definitionOf(variant);
  return def.type === 'array' ? variantsOf(def.element) : [];
}
