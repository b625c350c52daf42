export type SettingPath = readonly PropertyKey[];

/** As people write it: `storage.addresses[0]`. */
export function formatPath(path: SettingPath): string {
  const text = path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${plainKey(String(key))}`))
    .join('');
  return text.replace(/^\./, '');
}

/** A key that is no name is quoted, so that it cannot pretend to be a line of its own. */
function plainKey(key: string): string {
  return /^[\w-]{1,64}$/.test(key) ? key : JSON.stringify(key.slice(0, 64).toWellFormed());
}

export type Group = Readonly<Record<string, unknown>>;

export function isGroup(value: unknown): value is Group {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function valueAt(value: unknown, path: SettingPath): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  return valueAt((value as Record<PropertyKey, unknown>)[key], rest);
}

/** A copy with `value` at `path`. What stood in the way is replaced. */
export function withValueAt(group: unknown, path: readonly string[], value: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  const entries = isGroup(group) ? Object.entries(group) : [];
  const inner = withValueAt(valueAt(group, [key]), rest, value);
  return Object.fromEntries([...entries, [key, inner]]);
}
