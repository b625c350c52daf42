import type { BlobName } from '@holdfast/domain';
import { createHash, randomUUID } from 'node:crypto';
import { join } from 'node:path';

/*
 * {root}/holdfast-format        says which version of this layout the directory has
 * {root}/blobs/{3 hex}/{64 hex} one file a blob; SHA-256 of the blob's name, and its first digits
 * {root}/expiry/{3 hex}/{64 hex}/ where the expiry of that blob was moved to
 * {root}/tmp/                   blobs that are being written
 *
 * No text of a user is ever part of a file name: it could be too long, differ only in case, or climb
 * out of the directory.
 */

const fanOutDigits = 3;

const hashDigits = 64;
const hashPattern = new RegExp(`^[0-9a-f]{${hashDigits}}$`);
const fanOutPattern = /^[0-9a-f]{3}$/;
const uuid = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const temporaryPattern = new RegExp(`^(?:create|format|probe)-${uuid}$`);

export interface Layout {
  readonly root: string;
  readonly formatFile: string;
  readonly blobs: string;
  readonly expiry: string;
  readonly temporary: string;
}

/** Names of everything that may lie in a root. What a file system itself puts there counts too. */
export const rootEntries: ReadonlySet<string> = new Set([
  'holdfast-format',
  'blobs',
  'expiry',
  'tmp',
  'lost+found',
]);

export function layoutOf(root: string): Layout {
  return {
    root,
    formatFile: join(root, 'holdfast-format'),
    blobs: join(root, 'blobs'),
    expiry: join(root, 'expiry'),
    temporary: join(root, 'tmp'),
  };
}

export interface BlobPlace {
  /** The name of the file, which also orders a listing. */
  readonly hash: string;
  readonly fanOut: string;
  readonly directory: string;
  readonly path: string;
  readonly expiry: ExpiryPlace;
  /** How errors and listings call the file. */
  readonly where: string;
}

/** Where a blob's times are, in a directory of the fan-out, and what that lies in. */
export interface ExpiryPlace {
  readonly above: string;
  readonly directory: string;
  readonly path: string;
}

export function blobHash(name: string): string {
  return createHash('sha256').update(name, 'utf8').digest('hex');
}

export function placeOf(layout: Layout, name: BlobName): BlobPlace {
  return placeOfHash(layout, blobHash(name));
}

export function placeOfHash(layout: Layout, hash: string): BlobPlace {
  const fanOut = fanOutOf(hash);
  // Nothing in them is to be normalized, and listings make many.
  const directory = `${layout.blobs}/${fanOut}`;
  const path = `${directory}/${hash}`;
  const expiry = expiryPlace(layout.expiry, fanOut, hash);
  return { hash, fanOut, directory, path, expiry, where: `blobs/${fanOut}/${hash}` };
}

function expiryPlace(above: string, fanOut: string, hash: string): ExpiryPlace {
  const directory = `${above}/${fanOut}`;
  return { above, directory, path: `${directory}/${hash}` };
}

export function fanOutOf(hash: string): string {
  return hash.slice(0, fanOutDigits);
}

/** No hash of that directory comes behind it. */
export function lastHashIn(fanOut: string): string {
  return fanOut.padEnd(hashDigits, 'f');
}

export function isBlobHash(fileName: string): boolean {
  return hashPattern.test(fileName);
}

export function isFanOut(directoryName: string): boolean {
  return fanOutPattern.test(directoryName);
}

/** A path that nothing else ever uses. */
export function newTemporary(layout: Layout, purpose: 'create' | 'format' | 'probe'): string {
  return join(layout.temporary, `${purpose}-${randomUUID()}`);
}

export function isTemporary(fileName: string): boolean {
  return temporaryPattern.test(fileName);
}
