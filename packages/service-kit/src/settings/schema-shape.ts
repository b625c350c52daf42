import { z } from 'zod';

type AnySchema = z.core.$ZodType;
/** A schema that takes values itself: no default, union or transformation around another. */
export type Variant = z.core.$ZodTypes;

/** What a schema was made of. */
export function definitionOf(schema: AnySchema): Variant['_zod']['def'] {
  const { _zod: internals } = schema as Variant;
  return internals.def;
}

/**
 * What a value may be according to `schema`. Of a discriminated union only the variants that fit
 * `given`, unless none does.
 */
export function variantsOf(schema: AnySchema, given?: unknown): readonly Variant[] {
  const def = definitionOf(schema);
  if ('innerType' in def) return variantsOf(def.innerType, given);
  if (def.type === 'pipe') return variantsOf(isTransform(def.in) ? def.out : def.in, given);
  if (def.type === 'lazy') return variantsOf(def.getter(), given);
  if (def.type === 'intersection') {
    return [...variantsOf(def.left, given), ...variantsOf(def.right, given)];
  }
  if (def.type !== 'union') return [schema as Variant];
  const options = def.options.flatMap((option) => variantsOf(option, given));
  return 'discriminator' in def ? fitting(options, String(def.discriminator), given) : options;
}

function isTransform(schema: AnySchema): boolean {
  return definitionOf(schema).type === 'transform';
}

function fitting(
  options: readonly Variant[],
  discriminator: string,
  given: unknown,
): readonly Variant[] {
  if (typeof given !== 'object' || given === null) return options;
  const kind = (given as Record<string, unknown>)[discriminator];
  const fit = options.filter((option) =>
    innerSchemas(option, discriminator).some((inner) => z.safeParse(inner, kind).success),
  );
  return fit.length > 0 ? fit : options;
}

/** The schemas of the setting `key` within a variant: none if it knows no such setting. */
export function innerSchemas(variant: Variant, key: PropertyKey): readonly AnySchema[] {
  const def = definitionOf(variant);
  if (def.type === 'array') return typeof key === 'number' ? [def.element] : [];
  if (def.type === 'record') return [def.valueType];
  if (def.type !== 'object') return [];
  if (Object.hasOwn(def.shape, key)) {
    const inner = def.shape[String(key)];
    return inner === undefined ? [] : [inner];
  }
  const { catchall } = def;
  return catchall === undefined || definitionOf(catchall).type === 'never' ? [] : [catchall];
}

/** The schemas at `path`, with the values given along the way. */
export function schemasAt(
  schemas: readonly AnySchema[],
  path: readonly PropertyKey[],
  given?: unknown,
): readonly AnySchema[] {
  const [key, ...rest] = path;
  if (key === undefined) return schemas;
  const inner = schemas
    .flatMap((schema) => variantsOf(schema, given))
    .flatMap((variant) => innerSchemas(variant, key));
  const next = (given as Record<PropertyKey, unknown> | undefined | null)?.[key];
  return schemasAt(inner, rest, next);
}

/** The names that a variant knows. */
export function knownKeys(variant: Variant): readonly string[] {
  const def = definitionOf(variant);
  return def.type === 'object' ? Object.keys(def.shape) : [];
}

/** What the meta of a schema, or of one that it is made around, says under `name`. */
export function metaOf(schema: AnySchema, name: string): unknown {
  const said = z.globalRegistry.get(schema)?.[name];
  if (said !== undefined) return said;
  const def = definitionOf(schema);
  if ('innerType' in def) return metaOf(def.innerType, name);
  if (def.type !== 'pipe') return undefined;
  return metaOf(def.in, name) ?? metaOf(def.out, name);
}
