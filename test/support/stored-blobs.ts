import type { BlobName, ListedBlob, LongTermTier, UndecidedEntry } from '@holdfast/domain';
import { nativeChecksum as checksum } from '@holdfast/service-kit';
import assert from 'node:assert/strict';
import { mkdir, open, readdir, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import {
  payloadOf,
  sampleBytes,
  type BlobSample,
} from '../../packages/testkit/src/contracts/blob-samples.js';

const pageSize = 100;

/** Stores a sample with a payload of so many bytes. */
export async function storeBlob(
  tier: LongTermTier,
  { name, metadata }: BlobSample,
  payloadBytes: number,
): Promise<BlobName> {
  await tier.create(name, metadata, payloadOf(sampleBytes(payloadBytes)));
  return name;
}

/** Files of blobs that are to be what no whole blob is. */
interface RuinedFiles {
  readonly short: string;
  readonly foreign: string;
  readonly directory: string;
  readonly gone: string;
}

export async function ruinFiles({ short, foreign, directory, gone }: RuinedFiles): Promise<void> {
  await truncate(short, 100);
  const file = await open(foreign, 'r+');
  await file.write(Buffer.from('not ours'), 0, 8, 0);
  await file.close();
  await rm(directory);
  await mkdir(directory);
  await rm(gone);
}

/** Everything that a tier lists. */
export async function listAll(
  tier: LongTermTier,
): Promise<{ readonly blobs: ListedBlob[]; readonly undecided: UndecidedEntry[] }> {
  const blobs: ListedBlob[] = [];
  const undecided: UndecidedEntry[] = [];
  let cursor: string | undefined;
  do {
    const page = await tier.list(cursor, pageSize);
    blobs.push(...page.blobs);
    undecided.push(...page.undecided);
    cursor = page.next;
  } while (cursor !== undefined);
  return { blobs, undecided };
}

/** Fails unless every byte of the blob is there, and is what was written. */
export async function assertWhole(tier: LongTermTier, name: BlobName): Promise<void> {
  const read = await tier.read(name);
  assert.equal(read.kind, 'found', `${name} is there`);
  let size = 0;
  let crc32c = 0;
  for await (const chunk of read.payload) {
    size += chunk.length;
    crc32c = checksum.crc32c(chunk, crc32c);
  }
  assert.equal(size, read.size);
  assert.equal(crc32c, read.crc32c);
}

/** Every file below a directory. */
export async function filesIn(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
}
