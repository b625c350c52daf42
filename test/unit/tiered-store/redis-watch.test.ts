import { DomainError } from '@holdfast/domain';
import type { RedisInspection } from '@holdfast/queue-bullmq';
import { StartupError } from '@holdfast/service-kit';
import { createManualClock } from '@holdfast/testkit';
import assert from 'node:assert/strict';
import { createRedisWatch } from '../../../services/tiered-store/src/queue/redis-watch.js';
import { createListener } from './quiet.js';

const sound: RedisInspection = { version: '7.0.15', persistence: 'aof', problems: [] };
const reason = 'maxmemory-policy is allkeys-lru, it must be noeviction';
const forgetful: RedisInspection = { ...sound, problems: [{ severity: 'refuse', text: reason }] };
const volatile: RedisInspection = {
  ...sound,
  persistence: 'none',
  problems: [{ severity: 'warn', text: 'nothing is written to disk' }],
};
const away = new DomainError({ code: 'TIER_UNAVAILABLE', tier: 'Redis', why: 'refused' });

type Answer = RedisInspection | Error | 'none';

function arrange(first: Answer = sound) {
  const clock = createManualClock();
  const { logger, lines } = createListener();
  const ending = new AbortController();
  let answer = first;
  let asked = 0;
  const watch = createRedisWatch({
    async inspect() {
      asked += 1;
      if (answer instanceof Error) throw answer;
      if (answer === 'none') return new Promise(() => undefined);
      return answer;
    },
    clock,
    logger,
    signal: ending.signal,
  });
  return {
    clock,
    watch,
    lines,
    ending,
    asked: () => asked,
    answer: (next: Answer) => void (answer = next),
    levels: () => lines.map(({ level }) => level),
  };
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe('The watch over the Redis of the cleanup queue', () => {
  it('lets the store start with a sound Redis, and asks once', async () => {
    const { watch, lines, asked, clock } = arrange();
    await watch.inspectAtStart();
    assert.deepEqual([lines, clock.sleepers()], [[], 0]);
    watch.report.connected();
    await nextTurn();
    assert.equal(asked(), 1);
    assert.deepEqual(
      lines.map(({ level }) => level),
      ['info'],
    );
  });

  it('refuses the start with a Redis that throws jobs away, and says which setting it is', async () => {
    const { watch } = arrange(forgetful);
    await assert.rejects(watch.inspectAtStart(), (error) => {
      assert(error instanceof StartupError);
      assert.equal(error.message, `queue.url: ${reason}`);
      return true;
    });
  });

  it('lets the store start without Redis, and with one that does not answer soon', async () => {
    const gone = arrange(away);
    await gone.watch.inspectAtStart();
    assert.deepEqual(gone.lines, []);
    const slow = arrange('none');
    let started = false;
    const starting = slow.watch.inspectAtStart().then(() => {
      started = true;
    });
    slow.clock.advance(1_999);
    await nextTurn();
    assert.equal(started, false);
    slow.clock.advance(1);
    await starting;
  });

  it('does not hide what else is wrong at the start', async () => {
    const fault = new Error('there is no such file');
    await assert.rejects(arrange(fault).watch.inspectAtStart(), fault);
  });

  it('writes an error when the Redis that comes later throws jobs away', async () => {
    const { watch, answer, lines } = arrange(away);
    await watch.inspectAtStart();
    answer(forgetful);
    watch.report.connected();
    await nextTurn();
    const errors = lines.filter(({ level }) => level === 'error');
    assert.deepEqual(
      errors.map((line) => line['reasons']),
      [[reason]],
    );
  });

  it('looks anew at a Redis that comes back: it may be another one', async () => {
    const { watch, answer, levels } = arrange();
    await watch.inspectAtStart();
    watch.report.connected();
    watch.report.disconnected(away);
    answer(forgetful);
    watch.report.connected();
    await nextTurn();
    assert.deepEqual(levels(), ['info', 'warn', 'warn', 'error']);
  });

  it('says at the same level that Redis is away and that it is back', async () => {
    const { watch, levels } = arrange();
    await watch.inspectAtStart();
    for (const end of [away, away]) {
      watch.report.disconnected(end);
      watch.report.connected();
    }
    watch.report.connected();
    assert.deepEqual(levels(), ['warn', 'warn', 'warn', 'warn', 'info']);
  });

  it('warns of a Redis that keeps nothing, once', async () => {
    const { watch, lines } = arrange(volatile);
    await watch.inspectAtStart();
    watch.report.disconnected(away);
    watch.report.connected();
    watch.report.connected();
    await nextTurn();
    const warnings = lines.flatMap((line) => line['warnings'] ?? []);
    assert.deepEqual(warnings, ['nothing is written to disk']);
  });

  it('asks again until Redis answers, and says once that it does not', async () => {
    const { watch, answer, asked, clock, levels } = arrange(new Error('what?'));
    watch.report.connected();
    for (let second = 0; second < 3; second += 1) {
      await nextTurn();
      clock.advance(1_000);
    }
    await nextTurn();
    assert.equal(asked(), 4);
    answer(sound);
    clock.advance(1_000);
    await nextTurn();
    clock.advance(10_000);
    await nextTurn();
    assert.equal(asked(), 5);
    assert.deepEqual(levels(), ['info', 'warn']);
  });

  it('asks no more when Redis is gone, or the store ends', async () => {
    for (const end of ['gone', 'ending'] as const) {
      const { watch, asked, clock, ending } = arrange(new Error('what?'));
      watch.report.connected();
      await nextTurn();
      if (end === 'gone') watch.report.disconnected(away);
      else ending.abort();
      await nextTurn();
      clock.advance(10_000);
      await nextTurn();
      assert.deepEqual([asked(), clock.sleepers()], [1, 0], end);
    }
  });

  it('does not complain about a connection that ends with the store', () => {
    const { watch, ending, lines } = arrange();
    ending.abort();
    watch.report.disconnected(away);
    assert.deepEqual(lines, []);
  });

  it('tells of what the producer reports, and not of a flood of it', () => {
    const { watch, lines } = arrange();
    for (let count = 0; count < 1_000; count += 1) watch.report.failed('an event', away);
    assert(lines.length >= 1 && lines.length <= 10, `${lines.length} lines`);
    assert.equal(lines[0]?.['what'], 'an event');
  });
});
