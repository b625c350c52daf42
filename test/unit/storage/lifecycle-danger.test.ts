import { expiryRule } from '@holdfast/tier-gcs';
import assert from 'node:assert/strict';
import { mayDeleteWhatIsInUse } from '../../../packages/storage/src/bootstrap/lifecycle-danger.js';

const deleting = (condition: object) => ({ action: { type: 'Delete' }, condition });

describe('A lifecycle rule', () => {
  it('is a danger where it deletes by anything but the time of expiry', () => {
    for (const condition of [
      { age: 30 },
      { createdBefore: '2026-01-01' },
      { matchesPrefix: ['photos/'] },
      { daysSinceCustomTime: 0 },
      { isLive: true, age: 1 },
    ]) {
      assert(mayDeleteWhatIsInUse(deleting(condition)), JSON.stringify(condition));
    }
  });

  it('is none where it is ours, about former versions, or deletes nothing', () => {
    for (const rule of [
      expiryRule,
      deleting({ daysSinceCustomTime: 30 }),
      deleting({ isLive: false, age: 1 }),
      deleting({ numNewerVersions: 3 }),
      deleting({ daysSinceNoncurrentTime: 7 }),
      { action: { type: 'SetStorageClass', storageClass: 'NEARLINE' }, condition: { age: 30 } },
      { action: { type: 'AbortIncompleteMultipartUpload' }, condition: { age: 7 } },
    ]) {
      assert(!mayDeleteWhatIsInUse(rule), JSON.stringify(rule));
    }
  });
});
