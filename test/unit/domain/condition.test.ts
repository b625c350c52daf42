import {
  absentRow,
  blobNameOf,
  failedCondition,
  formatRevision,
  manualExpiration,
  namedBlob,
  noCustomPairs,
  parseObjectId,
  physicalRevision,
  type ObjectMetadata,
  type RowHead,
  type Timestamp,
} from '@holdfast/domain';
import assert from 'node:assert/strict';

const [revision, other] = [1, 2].map((counter) =>
  formatRevision(1_767_225_600_000 as Timestamp, counter, new Uint8Array(8)),
);
assert.ok(revision !== undefined && other !== undefined);
const id = parseObjectId({ usecase: 'u', scopes: [], key: 'k' });
const blob = blobNameOf(id, revision);
const metadata: ObjectMetadata = {
  contentType: 'text/plain',
  expiration: manualExpiration,
  custom: noCustomPairs,
  revision,
  timeCreated: 1 as Timestamp,
  size: 1,
  crc32c: 0,
};
const inline: RowHead = { kind: 'inline', metadata };
const tombstone: RowHead = { kind: 'tombstone', metadata, blob };
const expired: RowHead = { kind: 'absent', remains: { revision, blob } };

describe('a write condition', () => {
  it('that is missing always holds', () => {
    for (const row of [absentRow, expired, inline, tombstone]) {
      assert.equal(failedCondition(undefined, row), undefined);
    }
  });

  it('of absence holds for what is not there and for what has expired', () => {
    for (const row of [absentRow, expired]) {
      assert.equal(failedCondition({ kind: 'if-absent' }, row), undefined);
    }
  });

  it('of absence fails for an object, and names its revision', () => {
    for (const row of [inline, tombstone]) {
      assert.deepEqual(failedCondition({ kind: 'if-absent' }, row), {
        kind: 'precondition-failed',
        reason: 'OBJECT_EXISTS',
        current: revision,
      });
    }
  });

  it('of a revision holds for an object at that revision', () => {
    for (const row of [inline, tombstone]) {
      assert.equal(failedCondition({ kind: 'if-revision', revision }, row), undefined);
    }
  });

  it('of a revision fails at another one, and names it', () => {
    for (const row of [inline, tombstone]) {
      assert.deepEqual(failedCondition({ kind: 'if-revision', revision: other }, row), {
        kind: 'precondition-failed',
        reason: 'REVISION_MISMATCH',
        current: revision,
      });
    }
  });

  it('of a revision fails when nothing is there, or when it has expired', () => {
    for (const row of [absentRow, expired]) {
      assert.deepEqual(failedCondition({ kind: 'if-revision', revision }, row), {
        kind: 'precondition-failed',
        reason: 'REVISION_MISMATCH',
        current: undefined,
      });
    }
  });
});

describe('a row', () => {
  it('names its blob while anything of it is left', () => {
    assert.deepEqual([tombstone, expired, inline, absentRow].map(namedBlob), [
      blob,
      blob,
      undefined,
      undefined,
    ]);
  });

  it('has its revision while anything of it is left', () => {
    assert.deepEqual([tombstone, expired, inline, absentRow].map(physicalRevision), [
      revision,
      revision,
      revision,
      undefined,
    ]);
  });
});
