import { parseStoragePath, type ObjectId, type StoragePath } from '../object-id.js';
import { invalidPageToken, parsePageToken } from '../page.js';
import type { Checksum } from '../ports/checksum.js';
import { isRevision, type Revision } from '../revision.js';

/** Where a verification goes on: after a row, or within the payload of one. */
export type VerifyPosition =
  | { readonly kind: 'after'; readonly path: StoragePath }
  | ({
      readonly kind: 'within';
      readonly id: ObjectId;
      readonly path: StoragePath;
    } & PartlyVerified);

/** What is known of a payload after its first bytes. */
export interface PartlyVerified {
  readonly revision: Revision;
  readonly offset: number;
  /** Of the bytes before `offset`. */
  readonly crc32c: number;
}

/*
 * `verify-1:` guard `:` offset `,` checksum `,` revision `:` storage path, the three of them empty
 * after a row. The guard is the checksum of what follows it: a token that was mangled would show a
 * sound payload as damaged.
 */
const tokenFormat = 'verify-1:';
const tokenPattern = /^([0-9a-f]{8}):((?:(\d{1,15}),([0-9a-f]{8}),([0-9a-f-]{36}))?:(.+))$/s;

export function formatVerifyToken(position: VerifyPosition, checksum: Checksum): string {
  const text =
    position.kind === 'after'
      ? `:${position.path}`
      : `${position.offset},${hex(position.crc32c)},${position.revision}:${position.path}`;
  return `${tokenFormat}${guardOf(text, checksum)}:${text}`;
}

export function parseVerifyToken(
  token: string | undefined,
  checksum: Checksum,
): VerifyPosition | undefined {
  const body = parsePageToken(token, tokenFormat);
  if (token === undefined || body === undefined) return undefined;
  const [, guard, text = '', offset, crc32c, revision, path = ''] = tokenPattern.exec(body) ?? [];
  if (guard === undefined || guard !== guardOf(text, checksum)) throw invalidPageToken(token);
  const id = idOf(path, token);
  if (offset === undefined || crc32c === undefined || revision === undefined) {
    return { kind: 'after', path: id.path };
  }
  if (!isRevision(revision)) throw invalidPageToken(token);
  const known = { revision, offset: Number(offset), crc32c: Number.parseInt(crc32c, 16) };
  return { kind: 'within', id, path: id.path, ...known };
}

function idOf(path: string, token: string): ObjectId {
  try {
    return parseStoragePath(path);
  } catch {
    // What is wrong with the path within the token is nothing to its sender.
    throw invalidPageToken(token);
  }
}

const encoder = new TextEncoder();

function guardOf(text: string, checksum: Checksum): string {
  return hex(checksum.crc32c(encoder.encode(text), 0));
}

function hex(crc32c: number): string {
  return crc32c.toString(16).padStart(8, '0');
}
