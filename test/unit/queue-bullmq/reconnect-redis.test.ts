import assert from 'node:assert/strict';
import {
  createReconnecting,
  reconnectMsMax,
} from '../../../packages/queue-bullmq/src/reconnect-redis.js';

const refusals = [
  "READONLY You can't write against a read only replica.",
  // As versions before 7 say it.
  "ERR Error running script (call to f_1): @user_script:1: -READONLY You can't write against a read only replica.",
];

describe('A client that connects to Redis again', () => {
  for (const text of refusals) {
    it(`waits longest after ${text.slice(0, 30)}`, () => {
      const { reconnectOnError, retryStrategy } = createReconnecting(false);
      assert.notEqual(reconnectOnError(new Error(text)), false);
      assert.equal(retryStrategy(1), reconnectMsMax);
      assert.ok(retryStrategy(1) < reconnectMsMax);
    });
  }

  it('waits longer from attempt to attempt, up to a limit', () => {
    const { retryStrategy } = createReconnecting(true);
    for (const attempt of [1, 2, 3, 4, 100, 10_000]) {
      const fullMs = Math.min(50 * 2 ** (attempt - 1), reconnectMsMax);
      const ms = retryStrategy(attempt);
      assert.ok(ms >= fullMs / 2 && ms <= fullMs, `${ms} ms at attempt ${attempt}`);
    }
  });

  it('keeps its connection whatever else is refused', () => {
    const { reconnectOnError } = createReconnecting(true);
    for (const text of [
      'OOM command not allowed',
      'NOPERM',
      'ERR unknown command',
      'READONLYISH',
    ]) {
      assert.equal(reconnectOnError(new Error(text)), false);
    }
  });
});
