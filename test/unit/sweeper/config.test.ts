import { StartupError } from '@holdfast/service-kit';
import assert from 'node:assert/strict';
import { readSettings } from '../../../services/sweeper/src/config.js';

const redis = { HOLDFAST_QUEUE__URL: 'redis://127.0.0.1:6379' };
const minute = 60_000;
const hour = 60 * minute;

describe('The settings of the sweeper', () => {
  it('have the defaults of the design', () => {
    const { listen, http, tieredStore, duties, runs } = readSettings([], redis);
    assert.deepEqual([listen.port, http.port], [7130, 7131]);
    assert.deepEqual(tieredStore, { addresses: ['127.0.0.1:7110'], callMs: 20_000 });
    assert.equal(duties.recoverChanges.enabled, true);
    assert.equal(duties.reclaimOrphans.ageMsMin, 24 * hour);
    assert.equal(duties.reclaimOrphans.orphansMax, 100_000);
    assert.equal(duties.expireObjects.limit.bytes, undefined);
    assert.deepEqual(duties.verifyObjects.limit, {
      entries: 1_000_000,
      durationMs: 5 * minute,
      bytes: 1024 ** 3,
    });
    assert.deepEqual(runs, {
      leaseMs: 30_000,
      busyShare: 0.5,
      skewMsMax: 5 * minute,
      claimMs: 30_000,
      completedMax: 1_000,
      failedMax: 1_000,
    });
  });

  it('come from the environment too', () => {
    const { duties } = readSettings([], {
      ...redis,
      HOLDFAST_DUTIES__VERIFY_OBJECTS__ENABLED: 'false',
      HOLDFAST_DUTIES__VERIFY_OBJECTS__LIMIT__BYTES: '10 MiB',
      HOLDFAST_DUTIES__RECLAIM_ORPHANS__AGE_MS_MIN: '0',
    });
    assert.equal(duties.verifyObjects.enabled, false);
    assert.equal(duties.verifyObjects.limit.bytes, 10 * 1024 ** 2);
    assert.equal(duties.reclaimOrphans.ageMsMin, 0);
  });

  for (const [variable, value, told] of [
    [
      'HOLDFAST_DUTIES__EXPIRE_OBJECTS__LIMIT__ENTRIES',
      '0',
      /duties\.expireObjects\.limit\.entries/,
    ],
    ['HOLDFAST_DUTIES__EXPIRE_OBJECTS__LIMIT__DURATION_MS', '25 h', /limit\.durationMs/],
    ['HOLDFAST_DUTIES__RECOVER_CHANGES__EVERY_MS', '2 h', /everyMs must not be above everyMsMax/],
    ['HOLDFAST_RUNS__BUSY_SHARE', '0', /runs\.busyShare/],
    ['HOLDFAST_QUEUE__URL', '', /queue\.url/],
  ] as const) {
    it(`are refused where ${variable} is ${JSON.stringify(value)}`, () => {
      assert.throws(
        () => readSettings([], { ...redis, [variable]: value }),
        (error) => error instanceof StartupError && told.test(error.message),
      );
    });
  }
});
