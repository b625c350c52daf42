import { DomainError } from '@holdfast/domain';
import type { RedisInspection } from '@holdfast/queue-bullmq';
import { createRedisWatch, StartupError } from '@holdfast/service-kit';
import { createManualClock } from '@holdfast/testkit';
import assert from 'node:assert/strict';
import { createListener } from '../tiered-store/quiet.js';

const sound: RedisInspection = { version: '7.0.15', persistence: 'aof', problems: [] };
const forgetful: RedisInspection = {
  ...sound,
  problems: [
    { severity: 'refuse', text: 'maxmemory-policy is allkeys-lru, it must be noeviction' },
  ],
};
const volatile: RedisInspection = {
  ...sound,
  persistence: 'none',
  problems: [{ severity: 'warn', text: 'nothing is written to disk' }],
};
const away = new DomainError({ code: 'TIER_UNAVAILABLE', tier: 'Redis', why: 'refused' });

const texts = { connected: 'it is there', disconnected: 'it is away', failed: 'it is unwell' };

type Answer = RedisInspection | Error | 'none';

function arrange(first: Answer = sound) {
  const clock = createManualClock();
  const { logger, lines } = createListener();
  const refused: StartupError[] = [];
  const ending = new AbortController();
  let answer = first;
  let asked = 0;
  const watch = createRedisWatch(texts, {
    async inspect() {
      asked += 1;
      if (answer instanceof Error) throw answer;
      if (answer === 'none') return new Promise(() => undefined);
      return answer;
    },
    clock,
    logger,
    refuse: (error) => void refused.push(error),
    signal: ending.signal,
  });
  return {
    clock,
    watch,
    lines,
    refused,
    ending,
    asked: () => asked,
    answer: (next: Answer) => void (answer = next),
    levels: () => lines.map(({ level }) => level),
  };
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe('The watch over Redis', () => {
  it('lets the service start with a sound Redis without a word, and asks once', async () => {
    const { watch, lines, asked, clock } = arrange();
    await watch.inspectAtStart();
    assert.deepEqual([lines, clock.sleepers()], [[], 0]);
    watch.report.connected();
    assert.equal(watch.problem(), undefined);
    await nextTurn();
    assert.equal(asked(), 1);
    assert.deepEqual(
      lines.map(({ level, message }) => [level, message]),
      [['info', 'it is there']],
    );
  });

  it('lets the service start with a Redis that does not answer soon', async () => {
    const { watch, clock } = arrange('none');
    let started = false;
    const starting = watch.inspectAtStart().then(() => {
      started = true;
    });
    clock.advance(1_999);
    await nextTurn();
    assert.equal(started, false);
    clock.advance(1);
    await starting;
    assert.equal(watch.problem(), 'Redis cannot be reached');
  });

  it('refuses the start with a Redis that throws jobs away, and says which setting it is', async () => {
    const { watch, answer } = arrange();
    answer(forgetful);
    await assert.rejects(watch.inspectAtStart(), (error) => {
      assert(error instanceof StartupError);
      assert.equal(
        error.message,
        'queue.url: maxmemory-policy is allkeys-lru, it must be noeviction',
      );
      return true;
    });
  });

  it('refuses the start when it cannot even ask', async () => {
    const { watch, answer } = arrange();
    answer(new Error('the certificate file /none cannot be read'));
    await assert.rejects(watch.inspectAtStart(), (error) => {
      return error instanceof StartupError && /^queue: .* cannot be read$/.test(error.message);
    });
  });

  it('warns of a Redis that keeps nothing, once', async () => {
    const { watch, answer, lines } = arrange();
    answer(volatile);
    await watch.inspectAtStart();
    watch.report.connected();
    await nextTurn();
    const warnings = lines.filter(({ level }) => level === 'warn');
    assert.deepEqual(
      warnings.map((line) => line['warnings']),
      ['nothing is written to disk'],
    );
    assert.equal(watch.problem(), undefined);
  });

  it('lets the service start without Redis, and not be ready', async () => {
    const { watch, answer, lines } = arrange();
    answer(away);
    await watch.inspectAtStart();
    assert.deepEqual([watch.problem(), lines], ['Redis cannot be reached', []]);
  });

  it('is ready once Redis has come and has told how it is configured', async () => {
    const { watch, levels } = arrange();
    const problems: (string | undefined)[] = [];
    watch.onChange(() => void problems.push(watch.problem()));
    watch.report.disconnected(away);
    watch.report.connected();
    await nextTurn();
    assert.deepEqual(problems, [
      'Redis cannot be reached',
      'Redis has not told how it is configured',
      undefined,
    ]);
    assert.deepEqual(levels(), ['warn', 'warn']);
  });

  it('says at the same level that Redis is away and that it is back', () => {
    const { watch, levels } = arrange();
    watch.report.connected();
    for (const end of [away, away]) {
      watch.report.disconnected(end);
      watch.report.connected();
    }
    watch.report.connected();
    assert.deepEqual(levels(), ['info', 'warn', 'warn', 'warn', 'warn', 'info']);
  });

  it('refuses it when the Redis that has come throws jobs away', async () => {
    const { watch, answer, refused } = arrange();
    answer(forgetful);
    watch.report.connected();
    await nextTurn();
    assert.match(refused[0]?.message ?? '', /^queue\.url: maxmemory-policy/);
    assert.notEqual(watch.problem(), undefined);
  });

  it('looks anew at a Redis that comes back: it may be another one', async () => {
    const { watch, answer, refused } = arrange();
    watch.report.connected();
    await nextTurn();
    watch.report.disconnected(away);
    assert.equal(watch.problem(), 'Redis cannot be reached');
    answer(forgetful);
    watch.report.connected();
    await nextTurn();
    assert.equal(refused.length, 1);
  });

  it('asks again until Redis answers, and says once that it does not', async () => {
    const { watch, answer, asked, clock, levels } = arrange();
    answer(new Error('what?'));
    watch.report.connected();
    for (let second = 0; second < 3; second += 1) {
      await nextTurn();
      clock.advance(1_000);
    }
    await nextTurn();
    assert.equal(asked(), 4);
    assert.equal(watch.problem(), 'Redis has not told how it is configured');
    answer(sound);
    clock.advance(1_000);
    await nextTurn();
    assert.equal(watch.problem(), undefined);
    assert.deepEqual(levels(), ['info', 'warn']);
  });

  it('asks no more when Redis is gone, or the service ends', async () => {
    for (const end of ['gone', 'ending'] as const) {
      const { watch, answer, asked, clock, ending } = arrange();
      answer(new Error('what?'));
      watch.report.connected();
      await nextTurn();
      if (end === 'gone') watch.report.disconnected(away);
      else ending.abort();
      clock.advance(1_000);
      await nextTurn();
      clock.advance(10_000);
      await nextTurn();
      assert.equal(asked(), 1, end);
    }
  });

  it('does not complain about connections that end with the service', () => {
    const { watch, ending, lines } = arrange();
    ending.abort();
    watch.report.disconnected(away);
    assert.deepEqual(lines, []);
  });

  it('tells of what the queues report, and not of a flood of it', () => {
    const { watch, lines } = arrange();
    for (let count = 0; count < 1_000; count += 1) watch.report.failed('a stalled check', away);
    assert.ok(lines.length >= 1 && lines.length <= 10, `${lines.length} lines`);
    assert.equal(lines[0]?.['what'], 'a stalled check');
  });
});
