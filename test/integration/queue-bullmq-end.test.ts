import { later, type Timestamp } from '@holdfast/domain';
import { systemClock } from '@holdfast/service-kit';
import assert from 'node:assert/strict';
import { waitUntil } from '../support/cluster-wait.js';
import { enqueueAll, useRedisBench } from '../support/redis-bench.js';
import { createJobFixtures, holdJobs, nameOf } from '../support/redis-work.js';

const make = createJobFixtures();

describe('Workers whose Redis is gone', () => {
  const bench = useRedisBench();

  const ends: Readonly<Record<string, () => Promise<Timestamp | undefined>>> = {
    succeed: async () => undefined,
    fail: async () => {
      throw new Error('no');
    },
    'are to run again': async () => later(systemClock.now(), 60_000),
  };
  for (const [how, end] of Object.entries(ends)) {
    it(`end while their jobs ${how}, and leave them to others`, async () => {
      const producer = await bench.producer();
      const job = make.settle();
      await enqueueAll(producer, [job]);
      const proxy = await bench.proxy();
      const away = await bench.queues({}, undefined, proxy.url);
      const held = holdJobs();
      const started = bench.work(away.consumer, async (...run) => {
        await held.handle(...run);
        return end();
      });
      await waitUntil('it runs', held.begun, Boolean);
      proxy.cut();
      const stopped = started.stop();
      held.endAll();
      await stopped;
      await away.close();
      const heir = bench.work((await bench.queues()).consumer);
      await waitUntil('it runs again', () => heir.runs.length, Boolean);
      assert.deepEqual(heir.runs, [nameOf(job)]);
    });
  }

  it('end while they hand jobs back', async () => {
    await enqueueAll(await bench.producer(), [make.settle()]);
    const proxy = await bench.proxy();
    const away = await bench.queues({}, undefined, proxy.url);
    const controller = new AbortController();
    let looks = 0;
    // It holds without a word: what is taken nevertheless is handed back.
    const isHeld = (): boolean => {
      looks += 1;
      return looks > 10;
    };
    const ended = away.consumer.work(async () => undefined, {
      concurrency: 10,
      signal: controller.signal,
      hold: { isHeld, onChange: () => () => undefined },
    });
    await enqueueAll(await bench.producer(), Array.from({ length: 50 }, make.settle));
    await waitUntil(
      'jobs are handed back',
      () => looks,
      (count) => count > 20,
    );
    proxy.cut();
    controller.abort();
    await ended;
    await away.close();
  });
});
