import { Secret } from '../settings/secret.js';
import { isSecretName, loggableText, redacted } from './redact.js';

/** What one line of a log holds at most. */
const depthMax = 6;
const entriesMax = 64;
const entriesInAllMax = 500;

/**
 * A copy of plain values that is fit for a log: bounded, without secrets and without payloads. Bytes
 * are told by their number, errors with their causes, what has no plain form by its kind.
 */
export function loggable(value: unknown): unknown {
  return told(value, 0, { entriesLeft: entriesInAllMax });
}

/** What the whole of it may still hold: what refers to itself would otherwise grow with each depth. */
interface Room {
  entriesLeft: number;
}

function told(value: unknown, depth: number, room: Room): unknown {
  if (typeof value === 'string') return loggableText(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'symbol' || typeof value === 'function') return `[${typeof value}]`;
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= depthMax) return '[…]';
  return toldObject(value, depth, room);
}

function toldObject(value: object, depth: number, room: Room): unknown {
  if (value instanceof Secret) return redacted;
  if (value instanceof Error) return toldError(value, depth, room);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof URL) return loggableText(value.href);
  if (isBytes(value)) return `[${value.byteLength} bytes]`;
  if (Array.isArray(value) || value instanceof Set) return toldList([...value], depth, room);
  if (value instanceof Map) return toldEntries(mapEntries(value), depth, room);
  return isPlain(value) ? toldEntries(Object.entries(value), depth, room) : `[${kindOf(value)}]`;
}

/** Its own fields too, such as a code. */
function toldError(error: Error, depth: number, room: Room): unknown {
  const { name, message, stack, cause } = error;
  const own = Object.entries(error).filter(([key]) => key !== 'name' && key !== 'stack');
  return {
    type: name,
    message: loggableText(message),
    ...(stack === undefined ? {} : { stack: loggableText(stack) }),
    ...toldEntries(own, depth, room),
    ...(error instanceof AggregateError ? { errors: toldList(error.errors, depth + 1, room) } : {}),
    ...(cause === undefined ? {} : { cause: told(cause, depth + 1, room) }),
  };
}

function toldList(values: readonly unknown[], depth: number, room: Room): unknown[] {
  const shown = take(values, room).map((value) => told(value, depth + 1, room));
  const left = values.length - shown.length;
  return left > 0 ? [...shown, `[${left} more]`] : shown;
}

function toldEntries(
  entries: readonly (readonly [string, unknown])[],
  depth: number,
  room: Room,
): Record<string, unknown> {
  const shown = take(entries, room).map(([key, value]) => {
    const isSecret = isSecretName(key) && value !== undefined && value !== null;
    return [key, isSecret ? redacted : told(value, depth + 1, room)] as const;
  });
  return Object.fromEntries(shown);
}

function mapEntries(map: ReadonlyMap<unknown, unknown>): [string, unknown][] {
  return [...map].map(([key, value]) => [String(key), value]);
}

function isBytes(value: object): value is ArrayBuffer | ArrayBufferView {
  return ArrayBuffer.isView(value) || value instanceof ArrayBuffer;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

function kindOf(value: object): string {
  const made: unknown = value.constructor;
  return typeof made === 'function' ? made.name : 'object';
}

function take<Entry>(entries: readonly Entry[], room: Room): readonly Entry[] {
  const taken = entries.slice(0, Math.min(entriesMax, room.entriesLeft));
  room.entriesLeft -= taken.length;
  return taken;
}
