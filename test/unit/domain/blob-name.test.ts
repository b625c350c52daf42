import {
  blobNameOf,
  formatRevision,
  isBlobName,
  parseBlobName,
  parseObjectId,
  type Timestamp,
} from '@holdfast/domain';
import fc from 'fast-check';
import assert from 'node:assert/strict';
import { anyObjectId, anyRevision, hostileText } from './arbitraries.js';

const revision = formatRevision(1_767_225_600_000 as Timestamp, 0, new Uint8Array(8));
const other = formatRevision(1_767_225_600_001 as Timestamp, 0, new Uint8Array(8));

describe('a blob name', () => {
  it('is the storage path and the revision', () => {
    assert.equal(blobNameOf(idOf('a/b'), revision), `u/objects/a/b/${revision}`);
  });

  it('gives back the object and the revision', () => {
    fc.assert(
      fc.property(anyObjectId, anyRevision, (id, of) => {
        const name = blobNameOf(id, of);
        assert.deepEqual(parseBlobName(name), { id, revision: of });
        assert.equal(isBlobName(name), true);
      }),
    );
  });

  it('is shared by no two writes', () => {
    // Few revisions, and keys that end with one of them: names that could be cut in two ways.
    const few = fc.constantFrom(revision, other);
    const key = fc
      .array(fc.oneof(few, fc.constantFrom('a', 'objects', '')), { minLength: 1, maxLength: 3 })
      .map((pieces) => pieces.join('/'))
      .filter((text) => text !== '');
    const write = fc.tuple(key, few);
    fc.assert(
      fc.property(write, write, ([leftKey, left], [rightKey, right]) => {
        const same = leftKey === rightKey && left === right;
        assert.equal(blobNameOf(idOf(leftKey), left) === blobNameOf(idOf(rightKey), right), same);
      }),
      { numRuns: 5_000 },
    );
  });

  it('is read from its end, when the key looks like a revision itself', () => {
    for (const key of [revision, `a/${other}`, `${revision}/${other}`, `/${revision}`]) {
      assert.deepEqual(parseBlobName(blobNameOf(idOf(key), other)), {
        id: idOf(key),
        revision: other,
      });
    }
  });

  it('is not the path of an object without a revision', () => {
    for (const key of ['k', 'a/k', `${revision}/k`, `${revision}/`]) {
      assert.equal(parseBlobName(idOf(key).path), undefined);
    }
  });

  it('is not a name without an object', () => {
    const names = [revision, `/${revision}`, `u/${revision}`, `u/objects/${revision}`];
    for (const name of [...names, `u/objects//${revision}x`, `objects/k/${revision}`]) {
      assert.equal(parseBlobName(name), undefined, name);
      assert.equal(isBlobName(name), false);
    }
  });

  it('is never made of junk', () => {
    const junk = fc.oneof(
      hostileText,
      hostileText.map((text) => `${text}/${revision}`),
    );
    fc.assert(
      fc.property(junk, (name) => {
        const parts = parseBlobName(name);
        if (parts !== undefined) assert.equal(blobNameOf(parts.id, parts.revision), name);
      }),
      { numRuns: 2_000 },
    );
  });
});

function idOf(key: string): ReturnType<typeof parseObjectId> {
  return parseObjectId({ usecase: 'u', scopes: [], key });
}
