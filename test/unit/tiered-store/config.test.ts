import { StartupError } from '@holdfast/service-kit';
import assert from 'node:assert/strict';
import { readFileThreads, readSettings } from '../../../services/tiered-store/src/config.js';

describe('The settings of the tiered store', () => {
  it('have the defaults of the design', () => {
    const settings = readSettings([], {});
    assert.deepEqual(settings.listen, { host: '127.0.0.1', port: 7110 });
    assert.deepEqual(settings.http, { host: '127.0.0.1', port: 7111 });
    const sizeMax = 64 * 1024 ** 3;
    const rows = { kind: 'lmdb', directory: './data/rows', sizeMax };
    assert.deepEqual(settings.storage.highVolume, rows);
    const blobs = { kind: 'filesystem', directory: './data/blobs' };
    assert.deepEqual(settings.storage.longTerm, blobs);
    assert.equal(settings.bootstrap.onStart, false);
    assert.equal(settings.engine.inlineThresholdBytes, 1_048_576);
    assert.equal(settings.engine.readerGraceMs, 300_000);
    assert.equal(settings.limits.inFlightMax, 500);
    assert.equal(settings.limits.queueMax, 500);
    assert.equal(settings.limits.waitMsMax, 1_000);
    assert.equal(settings.limits.bulkShare, 0.6);
    assert.equal(settings.limits.payloadBytesMax, 268_435_456);
    assert.equal(settings.limits.stallMsMax, 600_000);
    assert.equal(settings.shutdown.drainMs, 25_000);
  });

  it('name no queue unless asked to, and one by its URL', () => {
    assert.equal(readSettings([], {}).queue, undefined);
    const url = 'rediss://store:secret@redis.example.com:6380/2';
    const { queue } = readSettings([], { HOLDFAST_QUEUE__URL: url });
    assert.equal(queue?.url.reveal(), url);
    assert.deepEqual([queue.prefix, queue.tls], ['{holdfast}', undefined]);
    assert.doesNotMatch(JSON.stringify(queue), /store:secret/);
  });

  it('refuse the URL of a queue that is none, without repeating it', () => {
    assert.throws(
      () => readSettings([], { HOLDFAST_QUEUE__URL: 'http://user:hunter2@host' }),
      (error) =>
        error instanceof StartupError &&
        /queue\.url/.test(error.message) &&
        !error.message.includes('hunter2'),
    );
    assert.throws(() => readSettings([], { HOLDFAST_QUEUE__PREFIX: '{a}' }), /queue\.url/);
  });

  it('come from the environment too', () => {
    const { storage, engine } = readSettings([], {
      HOLDFAST_STORAGE__HIGH_VOLUME__KIND: 'memory',
      HOLDFAST_STORAGE__LONG_TERM__DIRECTORY: '/somewhere',
      HOLDFAST_ENGINE__READER_GRACE_MS: '0',
    });
    assert.deepEqual(storage.highVolume, { kind: 'memory' });
    assert.deepEqual(storage.longTerm, { kind: 'filesystem', directory: '/somewhere' });
    assert.equal(engine.readerGraceMs, 0);
  });

  const wrong = [
    ['HOLDFAST_STORAGE__HIGH_VOLUME__KIND', 'redis', /storage\.highVolume\.kind/],
    ['HOLDFAST_BOOTSTRAP__ON_START', 'perhaps', /bootstrap\.onStart/],
    ['HOLDFAST_ENGINE__INLINE_THRESHOLD_BYTES', '2 MiB', /engine\.inlineThresholdBytes/],
    ['HOLDFAST_LIMITS__BULK_SHARE', '0', /limits\.bulkShare/],
    ['HOLDFAST_LIMITS__NONSENSE', '1', /limits\.nonsense/],
  ] as const;
  for (const [variable, value, named] of wrong) {
    it(`stop the start when ${variable} is ${value}, and say which setting it is`, () => {
      assert.throws(
        () => readSettings([], { [variable]: value }),
        (error) => error instanceof StartupError && named.test(error.message),
      );
    });
  }

  it('know how many threads work on files', () => {
    assert.equal(readFileThreads({}), 4);
    assert.equal(readFileThreads({ UV_THREADPOOL_SIZE: '16' }), 16);
  });
});
