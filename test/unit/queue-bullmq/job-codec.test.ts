import { blobNameOf, changeIdOf, type CleanupJob } from '@holdfast/domain';
import { queueNames } from '@holdfast/queue-bullmq';
import { createManualClock, createRowFixtures } from '@holdfast/testkit';
import assert from 'node:assert/strict';
import {
  decodeJob,
  decodeStoredJob,
  encodeJob,
} from '../../../packages/queue-bullmq/src/job-codec.js';

const make = createRowFixtures(createManualClock());
const changeId = changeIdOf(make.revision());
const blob = blobNameOf(make.id('a/objects/😀:*'), make.revision());
const jobs: readonly CleanupJob[] = [
  { kind: 'settle-change', changeId },
  { kind: 'reclaim-blob', blob },
];

describe('A job on a queue', () => {
  it('is read as it was written', () => {
    for (const job of jobs) {
      const { queue, name, data } = encodeJob(job);
      assert.deepEqual(decodeJob(queue, name, data), { job });
      assert.deepEqual(decodeStoredJob(queue, name, JSON.stringify(data)), { job });
    }
  });

  it('has an id that says what it is about, fit for a key of Redis', () => {
    const [settle, reclaim] = jobs.map(encodeJob);
    assert.equal(settle?.id, `change-${changeId}`);
    assert.match(reclaim?.id ?? '', /^blob-[0-9a-f]{32}$/);
    const other = blobNameOf(make.id(), make.revision());
    assert.notEqual(encodeJob({ kind: 'reclaim-blob', blob: other }).id, reclaim?.id);
  });

  it('may say from when on it may run', () => {
    for (const job of jobs) {
      const { queue, name, data } = encodeJob(job);
      const decoded = decodeJob(queue, name, { ...data, notBefore: 5 });
      assert.deepEqual(decoded, { job, notBefore: 5 });
      for (const notBefore of ['5', -1, 1.5, null, Number.NaN]) {
        assert.equal(decodeJob(queue, name, { ...data, notBefore }), undefined);
      }
    }
  });

  it('may hold more than this version knows', () => {
    for (const job of jobs) {
      const { queue, name, data } = encodeJob(job);
      assert.deepEqual(decodeJob(queue, name, { ...data, colour: 'red' }), { job });
    }
  });

  it('is not read when it is of another version, another queue or another form', () => {
    const [settle, reclaim] = [queueNames.settle, queueNames.reclaim];
    const wrong: readonly [typeof settle | typeof reclaim, string, unknown][] = [
      [reclaim, 'settle-change', { v: 1, changeId }],
      [settle, 'reclaim-blob', { v: 1, blob }],
      [settle, 'settle-change', { v: 2, changeId }],
      [settle, 'settle-change', { v: '1', changeId }],
      [settle, 'settle-change', { changeId }],
      [settle, 'settle-change', { v: 1, changeId: changeId.toUpperCase() }],
      [settle, 'settle-change', { v: 1, changeId: [changeId] }],
      [reclaim, 'reclaim-blob', { v: 1, blob: '../../etc/passwd' }],
      [reclaim, 'reclaim-blob', { v: 1 }],
      [settle, 'other', { v: 1, changeId }],
      [settle, 'settle-change', null],
      [settle, 'settle-change', 'text'],
      [settle, 'settle-change', [1]],
    ];
    for (const [queue, name, data] of wrong) {
      assert.equal(decodeJob(queue, name, data), undefined, JSON.stringify([name, data]));
    }
    for (const text of ['', '{', 'null', '[]', '"']) {
      assert.equal(decodeStoredJob(settle, 'settle-change', text), undefined);
    }
  });
});
