import assert from 'node:assert/strict';
import { status } from '@grpc/grpc-js';
import {
  createBatchSession,
  openChannel,
  type BatchSession,
  type BatchSessionOptions,
  type RpcChannel,
  type RpcError,
} from '@holdfast/rpc';
import { systemClock } from '@holdfast/service-kit';
import { waitUntil } from '../../support/cluster-wait.js';
import {
  batchServer,
  headOf,
  keyOf,
  submit,
  type Outcome,
  type ServedBatch,
} from './batch-fixture.js';
import { createTally, startTestServer, type TestHandlers, type TestServer } from './test-server.js';

describe('a batch session', () => {
  let server: TestServer | undefined;
  let channel: RpcChannel | undefined;
  let session: BatchSession | undefined;

  async function begin(
    bidi: NonNullable<TestHandlers['bidi']>,
    options: Partial<BatchSessionOptions> = {},
  ): Promise<BatchSession> {
    server = await startTestServer({ bidi });
    channel = openChannel({ address: server.address });
    session = createBatchSession(channel, options, { clock: systemClock });
    return session;
  }

  afterEach(async () => {
    await session?.close(0);
    channel?.close();
    server?.kill();
  });

  it('sends what is submitted in one turn in few messages, and tells each sink its own result', async () => {
    const messages: number[] = [];
    const open = await begin(
      batchServer((operations, { answer }) => {
        messages.push(operations.length);
        answer(operations.toReversed());
      }),
    );
    const keys = Array.from({ length: 500 }, (_, number) => `k${number}`);
    const outcomes = await Promise.all(keys.map((key) => submit(open, key)));
    assert.deepEqual(
      outcomes,
      keys.map((key) => ({ kind: 'result', key })),
    );
    assert.deepEqual(messages, [...Array.from({ length: 15 }, () => 32), 20]);
    assert.equal(open.outstanding(), 0);
  });

  it('keeps one stream for all of them', async () => {
    const streams = createTally();
    const open = await begin(
      batchServer(
        (operations, { answer }) => answer(operations),
        () => streams.add(),
      ),
    );
    for (const key of ['a', 'b', 'c']) {
      assert.deepEqual(await submit(open, key), { kind: 'result', key });
    }
    assert.equal(streams.count(), 1);
  });

  it('keeps to the limits of a message, and to the operations outstanding on a stream', async () => {
    let outstanding = 0;
    let most = 0;
    const sizes: number[] = [];
    const open = await begin(
      batchServer((operations, { answer }) => {
        outstanding += operations.length;
        most = Math.max(most, outstanding);
        sizes.push(operations.length);
        setImmediate(() => {
          outstanding -= operations.length;
          answer(operations);
        });
      }),
      { operationsMax: 40, messageBytesMax: 2_000, outstandingMax: 100 },
    );
    const keys = Array.from({ length: 1_000 }, (_, number) => `k${number}`.padEnd(60, '.'));
    const outcomes = await Promise.all(keys.map((key) => submit(open, key)));
    assert(outcomes.every(({ kind }) => kind === 'result'));
    assert(most <= 100, `${most} were outstanding`);
    assert(Math.max(...sizes) <= 2_000 / headOf(keys[0] ?? '').length);
  });

  it('refuses what its queue has no room for, and what no message can carry', async () => {
    const open = await begin(
      batchServer((operations, { answer }) => answer(operations)),
      { queueMax: 10, queueBytesMax: 1_000, operationBytesMax: 900 },
    );
    const all = Array.from({ length: 12 }, (_, number) => submit(open, `${number}`));
    const large = submit(open, 'large', { bytes: Buffer.alloc(901) });
    const outcomes = await Promise.all(all);
    assert(outcomes.slice(0, 10).every(({ kind }) => kind === 'result'));
    for (const outcome of outcomes.slice(10)) {
      const error = unsent(outcome);
      assert.equal(error.code, status.RESOURCE_EXHAUSTED);
      assert.equal(error.reason, 'AT_CAPACITY');
      assert(error.retryAfterMs !== undefined);
    }
    assert.equal(unsent(await large).reason, 'PAYLOAD_TOO_LARGE');
    const many = [850, 850].map((bytes) => submit(open, 'b', { bytes: Buffer.alloc(bytes, 8) }));
    assert.equal(unsent(await many[1]).reason, 'AT_CAPACITY');
  });

  it('does not send what nobody waits for any more by the time there is room', async () => {
    const seen: string[] = [];
    const open = await begin(
      batchServer((operations, { answer }) => {
        seen.push(...operations.map(keyOf));
        answer(operations);
      }),
    );
    let isWanted = true;
    const given = new Promise<[RpcError, boolean]>((resolve) => {
      const sink = {
        result: () => assert.fail('it was sent'),
        failed: (error: RpcError, sent: boolean) => resolve([error, sent]),
        isWanted: () => isWanted,
      };
      open.submit({ bytes: headOf('given up'), deadline: Date.now() + 10_000 }, sink);
    });
    isWanted = false;
    const [error, sent] = await given;
    assert.deepEqual([error.code, sent], [status.CANCELLED, false]);
    assert.deepEqual(await submit(open, 'kept'), { kind: 'result', key: 'kept' });
    assert.deepEqual(seen, ['kept']);
  });

  it('holds back while the server does not read, within its queue', async () => {
    const streams = createTally();
    const open = await begin(
      (call) => {
        call.pause();
        streams.add();
      },
      { queueMax: 50, outstandingMax: 1_000 },
    );
    const bytes = Buffer.concat([
      headOf('k'),
      Buffer.from([0x62, 0x80, 0x80, 0x10]),
      Buffer.alloc(262_144),
    ]);
    const outcomes: Outcome[] = [];
    void submit(open, 'first', { bytes }).then((outcome) => outcomes.push(outcome));
    await streams.reaches(1);
    for (let round = 0; round < 20; round += 1) {
      for (let number = 0; number < 10; number += 1) {
        void submit(open, 'k', { bytes }).then((outcome) => outcomes.push(outcome));
      }
      await new Promise(setImmediate);
    }
    await waitUntil(
      'most are refused',
      () => outcomes.length,
      (count) => count >= 130,
    );
    for (const outcome of outcomes) assert.equal(unsent(outcome).reason, 'AT_CAPACITY');
    assert(open.outstanding() <= 71, `${open.outstanding()} are held`);
  });

  it('fails an operation that is not answered in time, and takes its late result for nothing', async () => {
    const streams = createTally();
    let late: (() => void) | undefined;
    const open = await begin(
      batchServer(
        (operations, { answer }) => {
          const slow = operations.filter((operation) => keyOf(operation) === 'slow');
          if (slow.length > 0) late = () => answer(slow);
          const others = operations.filter((operation) => keyOf(operation) !== 'slow');
          if (others.length > 0) answer(others);
        },
        () => streams.add(),
      ),
    );
    const begun = Date.now();
    const outcome = await submit(open, 'slow', { deadline: begun + 50 });
    assert(outcome.kind === 'failed' && outcome.sent);
    assert.equal(outcome.error.code, status.DEADLINE_EXCEEDED);
    assert(Date.now() - begun < 1_000);
    late?.();
    assert.deepEqual(await submit(open, 'next'), { kind: 'result', key: 'next' });
    assert.equal(streams.count(), 1);
  });

  it('follows a stream that owes results for too long by a new one', async () => {
    const streams: ServedBatch[] = [];
    const open = await begin(
      batchServer(
        (operations, served) => {
          if (served !== streams[0]) served.answer(operations);
        },
        (served) => streams.push(served),
      ),
      { outstandingMax: 1, owedMsMax: 100, slackMs: 0, retireMsMax: 200 },
    );
    const lost = await submit(open, 'lost', { deadline: Date.now() + 1 });
    assert(lost.kind === 'failed' && lost.sent);
    assert.deepEqual(await submit(open, 'next'), { kind: 'result', key: 'next' });
    assert.equal(streams.length, 2);
  });

  it('opens the next stream before the age of the old one, which ends well', async () => {
    const streams = createTally();
    const ended = createTally();
    const open = await begin(
      batchServer(
        (operations, { answer }) => answer(operations),
        ({ call }) => {
          streams.add();
          call.on('end', () => ended.add());
        },
      ),
      { streamAgeMsMax: 20 },
    );
    await waitUntil(
      'the third stream',
      async () => {
        assert.equal((await submit(open, 'k')).kind, 'result');
        return streams.count();
      },
      (count) => count >= 3,
    );
    await ended.reaches(2);
  });

  it('does not let a sink that throws cost another one its result, nor swallows what it threw', async () => {
    const open = await begin(batchServer((operations, { answer }) => answer(operations)));
    const listeners = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    const thrown = new Promise((resolve) => process.once('uncaughtException', resolve));
    const bug = new Error('a bug of its owner');
    const sink = {
      result(): void {
        throw bug;
      },
      failed: () => assert.fail('it succeeded'),
    };
    open.submit({ bytes: headOf('bad'), deadline: Date.now() + 10_000 }, sink);
    const good = submit(open, 'good');
    assert.equal(await thrown, bug);
    for (const listener of listeners) process.on('uncaughtException', listener);
    assert.deepEqual(await good, { kind: 'result', key: 'good' });
    assert.equal(open.outstanding(), 0);
  });

  it('drains when it closes, and refuses what comes later', async () => {
    const arrived = createTally();
    let answerAll: () => void = () => undefined;
    const ended = createTally();
    const open = await begin(
      batchServer(
        (operations, { answer }) => {
          answerAll = () => answer(operations);
          arrived.add();
        },
        ({ call }) => call.on('end', () => ended.add()),
      ),
    );
    const running = submit(open, 'running');
    await arrived.reaches(1);
    const closed = open.close(10_000);
    const refused = await submit(open, 'refused');
    assert.equal(unsent(refused).code, status.UNAVAILABLE);
    answerAll();
    assert.deepEqual(await running, { kind: 'result', key: 'running' });
    await closed;
    await ended.reaches(1);
  });

  it('fails what is left when the time to drain is over', async () => {
    const arrived = createTally();
    const open = await begin(
      batchServer(() => arrived.add()),
      { outstandingMax: 1 },
    );
    const sent = submit(open, 'sent');
    await arrived.reaches(1);
    const waiting = submit(open, 'waiting');
    await open.close(50);
    const outcome = await sent;
    assert(outcome.kind === 'failed' && outcome.sent);
    assert.equal(outcome.error.reason, 'OUTCOME_UNKNOWN');
    assert.equal(unsent(await waiting).code, status.UNAVAILABLE);
    assert.equal(open.outstanding(), 0);
  });

  it('closes at once when it was never used, and again', async () => {
    const open = await begin(() => assert.fail('no stream is needed'));
    await open.close(10_000);
    await open.close(10_000);
  });
});

function unsent(outcome: Outcome | undefined): Extract<Outcome, { kind: 'failed' }>['error'] {
  assert(outcome?.kind === 'failed');
  assert.equal(outcome.sent, false);
  return outcome.error;
}
