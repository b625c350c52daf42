import {
  blobNameOf,
  manualExpiration,
  noCustomPairs,
  parseObjectId,
  type BlobMetadata,
  type BlobName,
  type Timestamp,
} from '@holdfast/domain';
import {
  createRevisionIds,
  nativeChecksum as checksum,
  systemClock as clock,
} from '@holdfast/service-kit';
import { createFilesystemTier } from '@holdfast/tier-filesystem';
import { copyFile, mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { encodeHeader } from '../../packages/tier-filesystem/src/header-codec.js';
import { layoutOf, placeOf } from '../../packages/tier-filesystem/src/layout.js';
import { usecase } from './cleanup-writes.js';
import type { Cluster } from './cluster.js';
import { crc32cOf, randomPayload } from './loader-payloads.js';

type Place = Pick<Cluster, 'directory'>;

/** A blob that somebody has put into the folder of a store. */
export interface PlacedBlob {
  readonly name: BlobName;
  readonly file: string;
  readonly bytes: number;
}

export interface PlacedOptions {
  readonly bytes?: number;
  /** How long ago its write began, as its metadata have it. */
  readonly ageMs?: number;
}

const hour = 3_600_000;
/** Older than anything needs to be to be reclaimed. */
export const oldMs = 48 * hour;
const bytesDefault = 2_000;
const ids = createRevisionIds(clock);

/** A blob of another store, copied in by hand under our naming. */
export async function copyIn(
  place: Place,
  key: string,
  options: PlacedOptions = {},
): Promise<PlacedBlob> {
  const blob = blobOf(place, key, options);
  const root = await mkdtemp(join(tmpdir(), 'holdfast-elsewhere-'));
  try {
    const tier = await createFilesystemTier({ root }, { clock, checksum });
    await tier.create(blob.name, blob.metadata, single(blob.payload));
    await mkdir(dirname(blob.file), { recursive: true });
    await copyFile(placeOf(layoutOf(root), blob.name).path, blob.file);
  } finally {
    await rm(root, { recursive: true });
  }
  return { name: blob.name, file: blob.file, bytes: blob.payload.length };
}

/** Many blobs that nothing names, written without waiting for the disk. */
export async function writeOrphans(
  place: Place,
  keys: readonly string[],
  options: PlacedOptions = {},
): Promise<readonly PlacedBlob[]> {
  const placed: PlacedBlob[] = [];
  for (let at = 0; at < keys.length; at += filesAtOnce) {
    const some = keys.slice(at, at + filesAtOnce);
    placed.push(...(await Promise.all(some.map((key) => writeOrphan(place, key, options)))));
  }
  return placed;
}

const filesAtOnce = 64;

async function writeOrphan(place: Place, key: string, options: PlacedOptions): Promise<PlacedBlob> {
  const { name, metadata, payload, file } = blobOf(place, key, options);
  await writeBlobFile(file, name, metadata, payload);
  return { name, file, bytes: payload.length };
}

/** As docs/formats.md describes it. */
export async function writeBlobFile(
  file: string,
  name: BlobName,
  metadata: BlobMetadata,
  payload: Uint8Array,
): Promise<void> {
  const content = { size: payload.length, crc32c: crc32cOf(payload) };
  const header = encodeHeader(name, { ...metadata, ...content }, checksum);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, Buffer.concat([header, payload]));
}

interface NewBlob extends Orphan {
  readonly file: string;
}

/** A blob that no row will ever name. */
export interface Orphan {
  readonly name: BlobName;
  readonly metadata: BlobMetadata;
  readonly payload: Buffer;
}

function blobOf(place: Place, key: string, options: PlacedOptions): NewBlob {
  const orphan = newOrphan(key, options);
  return { ...orphan, file: blobPath(place, orphan.name) };
}

export function newOrphan(
  key: string,
  { bytes = bytesDefault, ageMs = oldMs }: PlacedOptions = {},
): Orphan {
  const revision = ids.revision();
  const metadata: BlobMetadata = {
    contentType: 'application/octet-stream',
    expiration: manualExpiration,
    custom: noCustomPairs,
    revision,
    timeCreated: (clock.now() - ageMs) as Timestamp,
  };
  const name = blobNameOf(parseObjectId({ usecase, scopes: [], key }), revision);
  return { name, metadata, payload: randomPayload(bytes) };
}

/** Where a blob of that name is, or would be. */
export function blobPath({ directory }: Place, name: BlobName): string {
  return placeOf(layoutOf(join(directory, 'blobs')), name).path;
}

/** Something that was never ours, among the blobs. */
export async function addForeignFile({ directory }: Place, text: string): Promise<string> {
  const folder = join(directory, 'blobs', 'blobs', 'abc');
  const file = join(folder, 'notes.txt');
  await mkdir(folder, { recursive: true });
  await writeFile(file, text);
  return file;
}

/** Makes a blob one of a format of tomorrow. */
export async function makeUnknown({ file }: PlacedBlob): Promise<void> {
  const unknownFormat = Buffer.from([0, 0, 0, 9]);
  await overwrite(file, formatAt, unknownFormat);
}

/** Changes one byte of its payload. */
export async function flipPayloadByte(file: string): Promise<void> {
  const bytes = await readFile(file);
  const last = bytes.length - 1;
  await overwrite(file, last, Buffer.of((bytes[last] ?? 0) ^ 0xff));
}

const formatAt = 8;

async function overwrite(file: string, at: number, bytes: Buffer): Promise<void> {
  const handle = await open(file, 'r+');
  await handle.write(bytes, 0, bytes.length, at);
  await handle.close();
}

export async function* single(payload: Buffer): AsyncGenerator<Uint8Array> {
  yield payload;
}
