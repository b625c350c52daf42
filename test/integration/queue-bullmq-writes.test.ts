import { Redis } from 'ioredis';
import assert from 'node:assert/strict';
import { createWriteGatherer } from '../../packages/queue-bullmq/src/gather-writes.js';
import { requireRedis, startRedis, type RedisServer } from '../support/redis.js';

describe('Gathered writes', () => {
  let server: RedisServer;
  let client: Redis;

  before(async function () {
    requireRedis(this);
    server = await startRedis();
  });
  after(() => server?.remove());
  beforeEach(async () => {
    client = new Redis(server.url);
    await client.ping();
  });
  afterEach(() => client.disconnect());

  it('wait for the end of the turn, and go to Redis together', async () => {
    const gather = createWriteGatherer(client);
    gather();
    const answers = [client.ping(), client.ping(), client.ping()];
    // Those who end after the first of the turn call it, too.
    gather();
    assert.ok(client.stream.writableLength > 0);
    assert.deepEqual(await Promise.all(answers), ['PONG', 'PONG', 'PONG']);
  });

  it('are over with the turn', async () => {
    createWriteGatherer(client)();
    await client.ping();
    void client.ping();
    assert.equal(client.stream.writableLength, 0);
  });

  it('are made up for when the connection is lost meanwhile', async () => {
    createWriteGatherer(client)();
    const answer = client.ping();
    client.stream.destroy();
    assert.equal(await answer, 'PONG');
  });
});
