import { Secret, StartupError } from '@holdfast/service-kit';
import assert from 'node:assert/strict';
import { readSettings } from '../../../services/cleanup-worker/src/config.js';

const redis = { HOLDFAST_QUEUE__URL: 'redis://127.0.0.1:6379' };

describe('The settings of the cleanup worker', () => {
  it('have the defaults of the design', () => {
    const settings = readSettings([], redis);
    assert.deepEqual(settings.listen, { host: '127.0.0.1', port: 7120 });
    assert.deepEqual(settings.http, { host: '127.0.0.1', port: 7121 });
    assert.deepEqual(settings.tieredStore, { addresses: ['127.0.0.1:7110'], callMs: 20_000 });
    assert.equal(settings.queue.prefix, '{holdfast}');
    assert.deepEqual(settings.cleaning, {
      concurrency: 50,
      batchMax: 100,
      attemptsMax: 10,
      backoffMs: 1_000,
      backoffMsMax: 300_000,
      claimMs: 30_000,
      settlesPerSecondMax: 800,
      reclaimsPerSecondMax: 200,
      completedMax: 1_000,
      deadLettersMax: 100_000,
    });
    assert.equal(settings.breaker.openMsMax, 120_000);
    assert.equal(settings.orphanBytes.everyMs, 30_000);
    assert.equal(settings.dashboard.writable, false);
    assert.equal(settings.shutdown.drainMs, 25_000);
  });

  it('come from the environment too', () => {
    const { cleaning, dashboard, tieredStore } = readSettings([], {
      ...redis,
      HOLDFAST_CLEANING__SETTLES_PER_SECOND_MAX: '0',
      HOLDFAST_DASHBOARD__USERNAME: 'operator',
      HOLDFAST_DASHBOARD__PASSWORD: 'rosebud',
      HOLDFAST_TIERED_STORE__ADDRESSES: 'one:7110,two:7110',
    });
    assert.equal(cleaning.settlesPerSecondMax, 0);
    assert.equal(dashboard.username, 'operator');
    assert.equal(dashboard.password?.reveal(), 'rosebud');
    assert.deepEqual(tieredStore.addresses, ['one:7110', 'two:7110']);
  });

  it('do not tell the secrets among them', () => {
    const { queue } = readSettings([], { HOLDFAST_QUEUE__URL: 'redis://:rosebud@127.0.0.1:6379' });
    assert.ok(queue.url instanceof Secret);
    assert.ok(!JSON.stringify(queue).includes('rosebud'));
  });

  const wrong = [
    ['HOLDFAST_QUEUE__URL', 'http://127.0.0.1', /queue\.url .*redis:\/\//],
    ['HOLDFAST_QUEUE__PREFIX', 'two words', /queue\.prefix/],
    ['HOLDFAST_TIERED_STORE__ADDRESSES', '["nowhere"]', /tieredStore\.addresses/],
    ['HOLDFAST_TIERED_STORE__CALL_MS', '0', /tieredStore\.callMs/],
    ['HOLDFAST_CLEANING__CONCURRENCY', '0', /cleaning\.concurrency/],
    ['HOLDFAST_CLEANING__BATCH_MAX', '251', /cleaning\.batchMax/],
    ['HOLDFAST_CLEANING__ATTEMPTS_MAX', '0', /cleaning\.attemptsMax/],
    ['HOLDFAST_CLEANING__BACKOFF_MS', '0', /cleaning\.backoffMs /],
    ['HOLDFAST_CLEANING__BACKOFF_MS_MAX', '999', /cleaning .*backoffMs must not be above/],
    ['HOLDFAST_CLEANING__CLAIM_MS', '10', /cleaning\.claimMs/],
    ['HOLDFAST_CLEANING__SETTLES_PER_SECOND_MAX', '-1', /cleaning\.settlesPerSecondMax/],
    ['HOLDFAST_CLEANING__RECLAIMS_PER_SECOND_MAX', 'many', /cleaning\.reclaimsPerSecondMax/],
    ['HOLDFAST_CLEANING__COMPLETED_MAX', '-1', /cleaning\.completedMax/],
    ['HOLDFAST_CLEANING__DEAD_LETTERS_MAX', '0', /cleaning\.deadLettersMax/],
    ['HOLDFAST_BREAKER__FAILED_MIN', '1', /breaker\.failedMin/],
    ['HOLDFAST_BREAKER__OPEN_MS_MAX', '4 s', /breaker .*openMs must not be above/],
    ['HOLDFAST_ORPHAN_BYTES__EVERY_MS', '0', /orphanBytes\.everyMs/],
    ['HOLDFAST_DASHBOARD__WRITABLE', 'perhaps', /dashboard\.writable/],
    ['HOLDFAST_CLEANING__NONSENSE', '1', /cleaning\.nonsense/],
  ] as const;
  for (const [variable, value, named] of wrong) {
    it(`stop the start when ${variable} is ${JSON.stringify(value)}, and say which it is`, () => {
      assert.throws(
        () => readSettings([], { ...redis, [variable]: value }),
        (error) => error instanceof StartupError && named.test(error.message),
      );
    });
  }

  it('stop the start without a Redis, since nothing can be done without one', () => {
    assert.throws(
      () => readSettings([], {}),
      (error) => error instanceof StartupError && /queue\.url is missing/.test(error.message),
    );
  });
});
