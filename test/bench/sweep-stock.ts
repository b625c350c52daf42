import {
  blobNameOf,
  changeIdOf,
  manualExpiration,
  noCustomPairs,
  parseObjectId,
  type BlobName,
  type HighVolumeTier,
  type ObjectMetadata,
  type Timestamp,
} from '@holdfast/domain';
import {
  createRevisionIds,
  nativeChecksum as checksum,
  systemClock as clock,
} from '@holdfast/service-kit';
import { openLmdbStore } from '@holdfast/tier-lmdb';
import { createHash } from 'node:crypto';
import { closeSync, ftruncateSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as letOthersRun } from 'node:timers/promises';
import type * as headerCodec from '../../packages/tier-filesystem/src/header-codec.js';
import { inLanes } from './measure.js';

/** Every so many-th blob is one that nothing names. */
const blobsPerOrphan = 100;
/** What a large object holds at least: zeros, which the file system need not store. */
const payloadBytes = 2 * 1024 * 1024;
const payloadCrc32c = checksum.crc32c(new Uint8Array(payloadBytes), 0);
const ageMs = 48 * 3_600_000;
const filesATurn = 200;
const commitsAtOnce = 5_000;
const ids = createRevisionIds(clock);

interface NewBlob {
  readonly id: ReturnType<typeof parseObjectId>;
  readonly name: BlobName;
  readonly metadata: ObjectMetadata;
}

/** How many of so many blobs nothing names. */
export function orphansAmong(blobs: number): number {
  return Math.floor(blobs / blobsPerOrphan);
}

/**
 * Fills the directories of a store that has made them and does not run: files by the codec of their
 * headers, without a flush, and rows by their tier, in large groups.
 */
export async function stockStore(
  { rows, blobs }: { readonly rows: string; readonly blobs: string },
  count: number,
): Promise<void> {
  const writeBlob = await openBlobWriter(join(blobs, 'blobs'));
  const { highVolumeTier, close } = await openLmdbStore({ directory: rows }, { clock });
  try {
    await inLanes(commitsAtOnce, count, async (index) => {
      const blob = newBlob(`object-${index}`);
      writeBlob(blob);
      if (index % filesATurn === 0) await letOthersRun();
      if (index % blobsPerOrphan !== blobsPerOrphan - 1) await nameBlob(highVolumeTier, blob);
    });
  } finally {
    await close();
  }
}

function newBlob(key: string): NewBlob {
  const revision = ids.revision();
  const id = parseObjectId({ usecase: 'bench', scopes: [{ name: 'run', value: '1' }], key });
  const metadata: ObjectMetadata = {
    contentType: 'application/octet-stream',
    expiration: manualExpiration,
    custom: noCustomPairs,
    revision,
    timeCreated: (clock.now() - ageMs) as Timestamp,
    size: payloadBytes,
    crc32c: payloadCrc32c,
  };
  return { id, name: blobNameOf(id, revision), metadata };
}

async function nameBlob(rows: HighVolumeTier, { id, name, metadata }: NewBlob): Promise<void> {
  const changeId = changeIdOf(metadata.revision);
  await rows.begin(id, changeId);
  await rows.commit(id, changeId, { kind: 'tombstone', metadata, blob: name });
}

/** Files as docs/formats.md has them. */
async function openBlobWriter(directory: string): Promise<(blob: NewBlob) => void> {
  const { encodeHeader } = await importHeaderCodec();
  const made = new Set<string>();
  return ({ name, metadata }) => {
    const hash = createHash('sha256').update(name, 'utf8').digest('hex');
    const folder = join(directory, hash.slice(0, 3));
    if (!made.has(folder)) mkdirSync(folder, { recursive: true });
    made.add(folder);
    const header = encodeHeader(name, metadata, checksum);
    const file = openSync(join(folder, hash), 'wx');
    writeSync(file, header);
    ftruncateSync(file, header.length + metadata.size);
    closeSync(file);
  };
}

/** The tier does not export it: nobody but a bench makes files by itself. */
function importHeaderCodec(): Promise<typeof headerCodec> {
  const compiled = '../../../packages/tier-filesystem/dist/header-codec.js';
  // oxlint-disable-next-line import/no-dynamic-require -- from where this is compiled to, it is elsewhere
  return import(new URL(compiled, import.meta.url).href) as Promise<typeof headerCodec>;
}
