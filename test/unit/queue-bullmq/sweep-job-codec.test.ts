import assert from 'node:assert/strict';
import {
  dataOfRun,
  decodeSweepJob,
  scheduledData,
  scheduledDataOf,
} from '../../../packages/queue-bullmq/src/sweep-job-codec.js';
import { createRunFixtures } from '../../support/redis-sweeps.js';

const makeRun = createRunFixtures();

describe('A job on the queue of sweeps', () => {
  it('is read as it was written', () => {
    const limit = { entries: 1, durationMs: 2, bytes: 3 };
    for (const run of [
      makeRun(),
      makeRun({ kind: 'reclaim-orphans', limit, ageMsMin: 0, orphansMax: 5, fromStart: true }),
      makeRun({ kind: 'verify-objects', dryRun: true }),
    ]) {
      const data: unknown = JSON.parse(JSON.stringify(dataOfRun(run)));
      const { kind } = run.request;
      assert.deepEqual(decodeSweepJob(kind, data), { kind, isScheduled: false, run });
    }
  });

  it('may be of the schedule', () => {
    const expected = { kind: 'verify-objects', isScheduled: true };
    assert.deepEqual(decodeSweepJob('verify-objects', scheduledData), expected);
  });

  it('may be of the schedule and have become a run', () => {
    const run = makeRun({ kind: 'verify-objects' });
    const data: unknown = JSON.parse(JSON.stringify(scheduledDataOf(run)));
    const expected = { kind: 'verify-objects', isScheduled: true, run };
    assert.deepEqual(decodeSweepJob('verify-objects', data), expected);
    assert.equal(decodeSweepJob('expire-objects', data), undefined);
  });

  it('may hold more than this version knows', () => {
    const run = makeRun();
    const decoded = decodeSweepJob('expire-objects', { ...dataOfRun(run), colour: 'red' });
    assert.deepEqual(decoded?.run, run);
  });

  it('is not read when it is of another version, another kind or another form', () => {
    const run = makeRun();
    const data = dataOfRun(run);
    const { request } = run;
    const wrong: readonly [string, unknown][] = [
      ['expire-objects', { ...data, v: 2 }],
      ['expire-objects', { ...data, v: undefined }],
      ['expire-objects', undefined],
      ['expire-objects', null],
      ['expire-objects', []],
      ['expire-objects', 'text'],
      ['expire-objects', { v: 1 }],
      ['expire-objects', { v: 1, scheduled: 'yes' }],
      ['verify-objects', data],
      ['toString', data],
      ['expire-objects', { ...data, runId: run.runId.toUpperCase() }],
      ['expire-objects', { ...data, timeStarted: -1 }],
      ['expire-objects', { ...data, timeStarted: '1' }],
      ['expire-objects', { ...data, request: { ...request, limit: {} } }],
      ['expire-objects', { ...data, request: { ...request, limit: { entries: 0 } } }],
      ['expire-objects', { ...data, request: { ...request, limit: { entries: 1e15 } } }],
      ['expire-objects', { ...data, request: { ...request, limit: undefined } }],
      ['expire-objects', { ...data, request: { ...request, dryRun: 1 } }],
      ['expire-objects', { ...data, request: { ...request, fromStart: undefined } }],
      ['expire-objects', { ...data, request: { ...request, orphansMax: -1 } }],
    ];
    for (const [name, given] of wrong) {
      assert.equal(decodeSweepJob(name, given), undefined, `${name} ${JSON.stringify(given)}`);
    }
  });
});
