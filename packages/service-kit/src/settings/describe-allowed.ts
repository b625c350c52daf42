import type { z } from 'zod';
import { definitionOf, metaOf, variantsOf, type Variant } from './schema-shape.js';

/** In words, what these schemas take: `a whole number from 1 to 500`. */
export function describeAllowed(schemas: readonly z.core.$ZodType[]): string {
  const texts = schemas.flatMap((schema) => {
    const said = metaOf(schema, 'allowed');
    return typeof said === 'string' ? [said] : variantsOf(schema).flatMap(describeVariant);
  });
  return [...new Set(texts)].join(' or ');
}

function describeVariant(variant: Variant): readonly string[] {
  const said = metaOf(variant, 'allowed');
  if (typeof said === 'string') return [said];
  const def = definitionOf(variant);
  if (def.type === 'number') return [describeNumber(def)];
  if (def.type === 'boolean') return ['true or false'];
  if (def.type === 'string') return ['a text'];
  if (def.type === 'enum') return [Object.values(def.entries).map(spell).join(', ')];
  if (def.type === 'literal') return def.values.map(spell);
  if (def.type === 'array') return [describeList(def.element, rulesOf(def))];
  if (def.type === 'object' || def.type === 'record') return ['a group of settings'];
  return [];
}

function spell(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

/** A rule of a schema, such as the smallest number that it takes. */
type Rule = z.core.$ZodChecks['_zod']['def'];

function rulesOf({ checks = [] }: Variant['_zod']['def']): readonly Rule[] {
  return checks.map(({ _zod: internals }) => internals.def as Rule);
}

/** `z.int()` brings its format along, `z.number().int()` has it as a rule. */
function describeNumber(def: Variant['_zod']['def']): string {
  const rules = rulesOf(def);
  const formats = [def, ...rules].map((rule) => ('format' in rule ? String(rule.format) : ''));
  const noun = formats.some((format) => format.includes('int')) ? 'a whole number' : 'a number';
  return [noun, ...rules.flatMap(describeBound)].join(' ');
}

function describeBound(rule: Rule): readonly string[] {
  if (rule.check === 'greater_than')
    return [`${rule.inclusive ? 'from' : 'above'} ${String(rule.value)}`];
  if (rule.check === 'less_than')
    return [`${rule.inclusive ? 'to' : 'below'} ${String(rule.value)}`];
  return [];
}

function describeList(element: z.core.$ZodType, rules: readonly Rule[]): string {
  const lengths = rules.flatMap((rule) => {
    if (rule.check === 'min_length') return [`at least ${rule.minimum}`];
    return rule.check === 'max_length' ? [`at most ${rule.maximum}`] : [];
  });
  return [`a list, each entry ${describeAllowed([element])}`, ...lengths].join(', ');
}
