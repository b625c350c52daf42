/*
 * Reads what is expected of a value that Redis kept for us, and throws for anything else: another
 * version may have written it, or somebody by hand. Fields that nobody asks for are let be.
 */

export type Read<Value> = (value: unknown) => Value;

export type Fields = Readonly<Record<string, unknown>>;

export function readFields(value: unknown): Fields {
  if (isFields(value)) return value;
  throw new TypeError(`fields are expected, not ${kindOf(value)}`);
}

export function readText(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new TypeError(`a text is expected, not ${kindOf(value)}`);
}

export function readFlag(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw new TypeError(`true or false is expected, not ${kindOf(value)}`);
}

/** A whole number from 0 on. */
export function readCount(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new TypeError(`a count is expected, not ${kindOf(value)}`);
}

/** A number that may be less than 0: clocks jump. */
export function readMs(value: unknown): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new TypeError(`milliseconds are expected, not ${kindOf(value)}`);
}

/** A text that `isValid` knows. */
export function readAs<Value extends string>(
  isValid: (text: string) => text is Value,
): Read<Value> {
  return (value) => {
    const text = readText(value);
    if (isValid(text)) return text;
    throw new TypeError(`the text has another form than expected`);
  };
}

export function readOneOf<Value extends string>(all: readonly Value[]): Read<Value> {
  return (value) => {
    const found = all.find((one) => one === value);
    if (found !== undefined) return found;
    throw new TypeError(`one of ${all.join(', ')} is expected`);
  };
}

export function readList<Value>(value: unknown, read: Read<Value>, max: number): readonly Value[] {
  if (!Array.isArray(value)) throw new TypeError(`a list is expected, not ${kindOf(value)}`);
  if (value.length > max) throw new TypeError(`more than ${max} entries`);
  return value.map((entry: unknown) => read(entry));
}

export function readOptional<Value>(read: Read<Value>): Read<Value | undefined> {
  return (value) => (value === undefined ? undefined : read(value));
}

/** The same without the fields that are `undefined`; all of those may be missing. */
export function withoutUndefined<Known extends object>(fields: Known): Known {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Known;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function kindOf(value: unknown): string {
  return Array.isArray(value) ? 'a list' : typeof value;
}
