import { blobNameOf, DomainError, type BlobName, type ObjectId } from '@holdfast/domain';
import assert from 'node:assert/strict';
import { large, small } from './payloads.js';
import type { StoreUnderTest } from './store-under-test.js';

/** What a row may hold before an operation, and what the operation may make of it. */
export type Content = 'nothing' | 'small' | 'large';
export const contents: readonly Content[] = ['nothing', 'small', 'large'];

/** Brings the row to `content`, and answers the blob that it then names. */
export async function arrange(
  store: StoreUnderTest,
  id: ObjectId,
  content: Content,
  seed = 1,
): Promise<BlobName | undefined> {
  if (content === 'nothing') {
    assert.equal((await store.engine.deleteObject({ id })).kind, 'deleted');
    return undefined;
  }
  const { revision } = await store.store(id, bytesOf(content, seed) ?? new Uint8Array());
  return content === 'large' ? blobNameOf(id, revision) : undefined;
}

export function bytesOf(content: Content, seed = 1): Uint8Array | undefined {
  switch (content) {
    case 'nothing':
      return undefined;
    case 'small':
      return small(seed);
    case 'large':
      return large(seed);
  }
}

export function presentOf(...blobs: readonly (BlobName | undefined)[]): readonly BlobName[] {
  return blobs.filter((blob) => blob !== undefined).toSorted();
}

/** Fails unless the object reads as `content`, or as nothing. */
export async function assertReads(
  store: StoreUnderTest,
  id: ObjectId,
  content: Content,
  seed = 1,
): Promise<void> {
  const expected = bytesOf(content, seed);
  const actual = await store.fetch(id);
  assert.deepEqual(actual && Buffer.from(actual), expected && Buffer.from(expected));
}

export function unavailable(): DomainError {
  return new DomainError({ code: 'TIER_UNAVAILABLE', tier: 'a tier', why: 'the test says so' });
}

export function noAnswer(): DomainError {
  return new DomainError({ code: 'OUTCOME_UNKNOWN' });
}
