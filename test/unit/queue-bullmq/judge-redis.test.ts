import assert from 'node:assert/strict';
import { judgeRedis } from '../../../packages/queue-bullmq/src/judge-redis.js';

const good = {
  version: '7.2.4',
  evictionPolicy: 'noeviction',
  persistence: 'aof',
  isReplica: false,
} as const;

describe('What is said about a Redis', () => {
  it('is nothing about a good one', () => {
    for (const version of ['6.2.0', '7.0.15', '8.0.1', '10.0.0', 'unknown']) {
      assert.deepEqual(judgeRedis({ ...good, version }), []);
    }
  });

  it('is that it is too old', () => {
    for (const version of ['6.0.16', '5.0.0', '2.8']) {
      const [problem] = judgeRedis({ ...good, version });
      assert.equal(problem?.severity, 'refuse');
      assert.match(problem.text, /6\.2/);
    }
  });

  it('is that it has little memory', () => {
    for (const memoryBytesMax of [undefined, 0, 2 ** 28, 2 ** 33]) {
      assert.deepEqual(judgeRedis({ ...good, memoryBytesMax }), []);
    }
    const [problem] = judgeRedis({ ...good, memoryBytesMax: 2 ** 28 - 1 });
    assert.equal(problem?.severity, 'warn');
    assert.match(problem.text, /maxmemory/);
  });

  it('is all that is wrong with it', () => {
    const problems = judgeRedis({
      version: '4.0.0',
      evictionPolicy: 'allkeys-lru',
      persistence: 'none',
      isReplica: true,
    });
    assert.deepEqual(
      problems.map(({ severity }) => severity),
      ['refuse', 'refuse', 'refuse', 'warn'],
    );
  });
});
