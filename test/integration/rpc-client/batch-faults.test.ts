import assert from 'node:assert/strict';
import { Metadata, status } from '@grpc/grpc-js';
import {
  createBatchSession,
  joinBatch,
  openChannel,
  reasonError,
  statusBytes,
  type BatchSession,
  type BatchSessionOptions,
  type RpcChannel,
  type RpcError,
} from '@holdfast/rpc';
import { systemClock } from '@holdfast/service-kit';
import { batchServer, resultFor, submit, type Outcome, type ServedBatch } from './batch-fixture.js';
import {
  createTally,
  startMuteServer,
  startTestServer,
  unusedPort,
  type TestHandlers,
  type TestServer,
} from './test-server.js';

type Bidi = NonNullable<TestHandlers['bidi']>;

const answering: Bidi = batchServer((operations, { answer }) => answer(operations));

describe('a batch session in trouble', () => {
  const servers: TestServer[] = [];
  let channel: RpcChannel | undefined;
  let session: BatchSession | undefined;

  async function serve(bidi: Bidi, port = 0): Promise<TestServer> {
    const server = await startTestServer({ bidi }, { port });
    servers.push(server);
    return server;
  }

  function begin(address: string, options: Partial<BatchSessionOptions> = {}): BatchSession {
    channel = openChannel({ address });
    session = createBatchSession(channel, options, { clock: systemClock });
    return session;
  }

  afterEach(async () => {
    await session?.close(0);
    channel?.close();
    for (const server of servers.splice(0)) server.kill();
  });

  it('fails what was sent with OUTCOME_UNKNOWN when its server dies, and goes on with the next', async () => {
    const arrived = createTally();
    const first = await serve(batchServer(() => arrived.add()));
    const open = begin(first.address);
    const lost = [submit(open, 'a'), submit(open, 'b')];
    await arrived.reaches(1);
    first.kill();
    for (const outcome of await Promise.all(lost)) {
      const error = sent(outcome);
      assert.equal(error.code, status.UNAVAILABLE);
      assert.equal(error.reason, 'OUTCOME_UNKNOWN');
    }
    await serve(answering, first.port);
    assert.deepEqual(await submit(open, 'c'), { kind: 'result', key: 'c' });
  });

  it('does the same when the server ends the stream, and does not repeat what it said', async () => {
    const shuttingDown = reasonError('SHUTTING_DOWN', 'nothing was done');
    let streams = 0;
    const { address } = await serve(
      batchServer(
        (operations, { call, answer }) => {
          if (streams > 1) answer(operations);
          else fail(call, shuttingDown);
        },
        () => (streams += 1),
      ),
    );
    const open = begin(address);
    const error = sent(await submit(open, 'a'));
    assert.equal(error.reason, 'OUTCOME_UNKNOWN');
    assert.deepEqual(await submit(open, 'b'), { kind: 'result', key: 'b' });
  });

  it('lets operations wait for a server that is not there yet', async () => {
    const port = await unusedPort();
    const open = begin(`127.0.0.1:${port}`);
    const waiting = [submit(open, 'a'), submit(open, 'b')];
    await new Promise(setImmediate);
    await serve(answering, port);
    assert.deepEqual(await Promise.all(waiting), [
      { kind: 'result', key: 'a' },
      { kind: 'result', key: 'b' },
    ]);
  });

  it('fails them at their deadline, and says what is wrong with the server', async () => {
    const open = begin(`127.0.0.1:${await unusedPort()}`);
    const error = unsent(await submit(open, 'a', { deadline: Date.now() + 400 }));
    assert.equal(error.code, status.UNAVAILABLE);
    assert.match(error.message, /ECONNREFUSED/);
  });

  it('fails them earlier when no stream can be opened for too long', async () => {
    const open = begin(`127.0.0.1:${await unusedPort()}`, { openMsMax: 300 });
    const begun = Date.now();
    const error = unsent(await submit(open, 'a'));
    assert.equal(error.code, status.UNAVAILABLE);
    assert(Date.now() - begun < 5_000);
  });

  it('fails them at their deadline when a server takes connections and says nothing', async () => {
    const mute = await startMuteServer();
    const open = begin(mute.address);
    const error = unsent(await submit(open, 'a', { deadline: Date.now() + 300 }));
    assert.equal(error.code, status.DEADLINE_EXCEEDED);
    mute.close();
  });

  it('breaks a stream that answers what was not asked, or twice, and goes on with the next', async () => {
    for (const index of [1, 5]) {
      let streams = 0;
      const { address } = await serve(
        batchServer(
          (operations, { call, answer }) => {
            if (streams > 1) answer(operations);
            else
              call.write(
                joinBatch([
                  { bytes: resultFor('x'), index },
                  { bytes: resultFor('x'), index },
                ]),
              );
          },
          () => (streams += 1),
        ),
      );
      const open = begin(address);
      const [a, b] = await Promise.all([submit(open, 'a'), submit(open, 'b')]);
      assert.equal(sent(a).reason, 'OUTCOME_UNKNOWN');
      if (index === 1) assert.deepEqual(b, { kind: 'result', key: 'x' });
      else assert.equal(sent(b).reason, 'OUTCOME_UNKNOWN');
      assert.deepEqual(await submit(open, 'c'), { kind: 'result', key: 'c' });
      await open.close(0);
      channel?.close();
    }
  });

  it('breaks a stream whose messages cannot be read', async () => {
    let streams = 0;
    const { address } = await serve(
      batchServer(
        (operations, { call, answer }) => {
          if (streams > 1) answer(operations);
          else call.write(Buffer.from([0x0a, 0x50, 0x01]));
        },
        () => (streams += 1),
      ),
    );
    const open = begin(address);
    assert.equal(sent(await submit(open, 'a')).reason, 'OUTCOME_UNKNOWN');
    assert.deepEqual(await submit(open, 'b'), { kind: 'result', key: 'b' });
  });

  it('does not open streams in a busy loop when each ends at once', async () => {
    let streams = 0;
    const { address } = await serve((call) => {
      streams += 1;
      fail(call, reasonError('SHUTTING_DOWN', 'no'));
    });
    const open = begin(address, { openMsMax: 1_000 });
    const outcomes: Promise<Outcome>[] = [];
    const until = Date.now() + 1_000;
    while (Date.now() < until) {
      outcomes.push(submit(open, 'a', { deadline: until }));
      await new Promise(setImmediate);
      await systemClockPause(5);
    }
    for (const outcome of await Promise.all(outcomes)) assert.equal(outcome.kind, 'failed');
    assert(streams >= 2 && streams <= 10, `${streams} streams were opened`);
  });

  it('fails at once what the server would refuse again', async () => {
    const { address } = await serve((call) => {
      call.emit('error', { code: status.UNAUTHENTICATED, details: 'who are you' });
    });
    const open = begin(address);
    const begun = Date.now();
    const outcome = await submit(open, 'a');
    assert(outcome.kind === 'failed');
    assert.equal(outcome.error.code, status.UNAUTHENTICATED);
    assert(Date.now() - begun < 5_000);
  });

  it('moves on to the next server when the first one drains, without losing a result', async () => {
    const arrived = createTally();
    const held: (() => void)[] = [];
    const first = await serve(
      batchServer((operations, { answer }: ServedBatch) => {
        held.push(() => answer(operations));
        arrived.add();
      }),
    );
    const open = begin(first.address);
    const before = submit(open, 'before');
    await arrived.reaches(1);
    const drained = first.drain();
    await serve(answering, first.port);
    await channelLeaves();
    assert.deepEqual(await submit(open, 'after'), { kind: 'result', key: 'after' });
    for (const answer of held) answer();
    assert.deepEqual(await before, { kind: 'result', key: 'before' });
    await drained;
  });

  async function channelLeaves(): Promise<void> {
    while (channel?.state() === 'ready') await new Promise(setImmediate);
  }
});

function systemClockPause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function fail(call: ServedBatch['call'], error: RpcError): void {
  const metadata = new Metadata();
  metadata.set('grpc-status-details-bin', statusBytes(error));
  call.emit('error', { code: error.code, details: error.message, metadata });
}

function sent(outcome: Outcome): RpcError {
  assert(outcome.kind === 'failed', JSON.stringify(outcome));
  assert.equal(outcome.sent, true);
  return outcome.error;
}

function unsent(outcome: Outcome): RpcError {
  assert(outcome.kind === 'failed', JSON.stringify(outcome));
  assert.equal(outcome.sent, false);
  return outcome.error;
}
