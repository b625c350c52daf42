import { DomainError } from './errors.js';
import { parseStoragePath, type ObjectId, type StoragePath } from './object-id.js';
import { isCleanText } from './text.js';

/*
 * Keys as stores give them back. A store may hold keys that are none of ours: damaged ones, or those
 * of somebody else.
 */
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The first key after all that begin with `prefix`: UTF-8 holds no byte that has no successor. */
export function endOfPrefix(prefix: string): Uint8Array {
  const end = encoder.encode(prefix);
  const last = end.length - 1;
  end[last] = (end[last] ?? 0) + 1;
  return end;
}

/** `undefined` for a key that no object has: nothing could ever ask for it, or go on after it. */
export function objectIdOfKey(key: Uint8Array): ObjectId | undefined {
  const path = decodeKeyText(key);
  if (path === undefined) return undefined;
  try {
    return parseStoragePath(path);
  } catch (error) {
    if (error instanceof DomainError) return undefined;
    throw error;
  }
}

/** A key for somebody to look at: its text if it is one, else its bytes. */
export function showKey(key: Uint8Array): string {
  const text = decodeKeyText(key);
  if (text !== undefined && isCleanText(text)) return text;
  const digits = Array.from(key, (byte) => byte.toString(16).padStart(2, '0'));
  return `key 0x${digits.join('')}`;
}

/** No path at all, but where rows are named that somebody should look at there is no other name. */
export function showForeignPath(key: Uint8Array): StoragePath {
  return showKey(key) as StoragePath;
}

function decodeKeyText(key: Uint8Array): string | undefined {
  try {
    return decoder.decode(key);
  } catch {
    return undefined;
  }
}
