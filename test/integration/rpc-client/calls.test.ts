import assert from 'node:assert/strict';
import { Metadata, status } from '@grpc/grpc-js';
import { openChannel, reasonError, RpcError, statusBytes, type RpcChannel } from '@holdfast/rpc';
import {
  createTally,
  methods,
  startTestServer,
  unusedPort,
  type TestHandlers,
  type TestServer,
} from './test-server.js';

const request = Buffer.from('request');
const soon = (ms: number): number => Date.now() + ms;

function failsWith(code: status): (error: unknown) => boolean {
  return (error) => {
    assert(error instanceof RpcError);
    assert.equal(status[error.code], status[code], error.message);
    return true;
  };
}

describe('a unary call', () => {
  let server: TestServer | undefined;
  let channel: RpcChannel | undefined;

  async function serve(
    handlers: TestHandlers,
    options: Omit<Parameters<typeof openChannel>[0], 'address'> = {},
  ): Promise<RpcChannel> {
    server = await startTestServer(handlers);
    channel = openChannel({ address: server.address, ...options });
    return channel;
  }

  afterEach(() => {
    channel?.close();
    server?.kill();
  });

  it('answers the response, and sends the metadata of the channel and of the call', async () => {
    let seen: Metadata | undefined;
    const open = await serve(
      {
        unary(call, answer) {
          seen = call.metadata;
          answer(null, Buffer.concat([call.request, Buffer.from('!')]));
        },
      },
      { metadata: { 'x-one': 'channel', 'x-two': 'channel' } },
    );
    const response = await open.unary(methods.unary, request, { metadata: { 'x-two': 'call' } });
    assert.equal(response.toString(), 'request!');
    assert.deepEqual(seen?.get('x-one'), ['channel']);
    assert.deepEqual(seen?.get('x-two'), ['call']);
  });

  it('fails with the code, reason and details the server ends it with', async () => {
    const busy = reasonError('AT_CAPACITY', 'busy', { retryAfterMs: 70, info: { a: 'b' } });
    const open = await serve({
      unary(_, answer) {
        const metadata = new Metadata();
        metadata.set('grpc-status-details-bin', statusBytes(busy));
        answer({ code: busy.code, details: busy.message, metadata });
      },
    });
    const error = await open.unary(methods.unary, request, {}).catch((thrown: unknown) => thrown);
    assert(error instanceof RpcError);
    assert.equal(error.code, status.RESOURCE_EXHAUSTED);
    assert.equal(error.reason, 'AT_CAPACITY');
    assert.equal(error.retryAfterMs, 70);
    assert.deepEqual({ ...error.info }, { a: 'b' });
    assert.deepEqual(statusBytes(error), statusBytes(busy));
  });

  it('ends at its deadline, which the server knows', async () => {
    let deadline: unknown;
    const open = await serve({
      unary(call) {
        deadline = call.getDeadline();
      },
    });
    const at = soon(150);
    await assert.rejects(
      open.unary(methods.unary, request, { deadline: at }),
      failsWith(status.DEADLINE_EXCEEDED),
    );
    assert(Date.now() >= at - 5);
    assert(Math.abs(Number(deadline) - at) < 100);
  });

  it('whose deadline has passed is not begun', async () => {
    const open = await serve({});
    await assert.rejects(
      open.unary(methods.unary, request, { deadline: soon(-1) }),
      failsWith(status.DEADLINE_EXCEEDED),
    );
  });

  it('takes a deadline beyond what timers can carry as none', async () => {
    const open = await serve({ unary: (_, answer) => answer(null, request) });
    for (const deadline of [Infinity, 2 ** 60, soon(86_400_000 * 400)]) {
      await open.unary(methods.unary, request, { deadline });
    }
  });

  it('is cancelled on both sides by its signal', async () => {
    const cancelled = createTally();
    const arrived = createTally();
    const open = await serve({
      unary(call) {
        call.on('cancelled', () => cancelled.add());
        arrived.add();
      },
    });
    const abort = new AbortController();
    const call = open.unary(methods.unary, request, { signal: abort.signal });
    const failed = assert.rejects(call, failsWith(status.CANCELLED));
    await arrived.reaches(1);
    abort.abort();
    await failed;
    await cancelled.reaches(1);
  });

  it('is not begun when its signal has aborted', async () => {
    const open = await serve({});
    await assert.rejects(
      open.unary(methods.unary, request, { signal: AbortSignal.abort() }),
      failsWith(status.CANCELLED),
    );
  });

  it('leaves nothing behind on a signal that outlives it', async () => {
    const open = await serve({ unary: (_, answer) => answer(null, request) });
    const { signal } = new AbortController();
    let added = 0;
    let removed = 0;
    const { addEventListener, removeEventListener } = EventTarget.prototype;
    signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
      added += 1;
      addEventListener.apply(signal, args);
    };
    signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
      removed += 1;
      removeEventListener.apply(signal, args);
    };
    await open.unary(methods.unary, request, { signal });
    assert.equal(added, 1);
    assert.equal(removed, 1);
  });

  it('to a server that is not there is UNAVAILABLE', async () => {
    const open = openChannel({ address: `127.0.0.1:${await unusedPort()}` });
    await assert.rejects(open.unary(methods.unary, request, {}), (error) => {
      assert.match(String(error), /: no connection: connect ECONNREFUSED 127\.0\.0\.1:\d+$/);
      return failsWith(status.UNAVAILABLE)(error);
    });
    open.close();
  });

  it('on a closed channel is UNAVAILABLE', async () => {
    const open = await serve({});
    open.close();
    await assert.rejects(open.unary(methods.unary, request, {}), failsWith(status.UNAVAILABLE));
    assert.throws(() => open.bidi(methods.bidi, {}), failsWith(status.UNAVAILABLE));
    assert.equal(await open.waitForReady(soon(1_000)), false);
    open.connect();
    assert.equal(open.state(), 'failing');
  });

  it('with metadata no header can carry is INVALID_ARGUMENT', async () => {
    const open = await serve({});
    await assert.rejects(
      open.unary(methods.unary, request, { metadata: { 'x-a': 'line\nbreak' } }),
      failsWith(status.INVALID_ARGUMENT),
    );
  });

  it('whose messages cannot be encoded or decoded fails, not its process', async () => {
    const open = await serve({ unary: (_, answer) => answer(null, request) });
    const broken = (): never => {
      throw new RangeError('index out of range');
    };
    await assert.rejects(
      open.unary({ ...methods.unary, requestSerialize: broken }, request, {}),
      failsWith(status.INVALID_ARGUMENT),
    );
    await assert.rejects(
      open.unary({ ...methods.unary, responseDeserialize: broken }, request, {}),
      failsWith(status.INTERNAL),
    );
  });

  it('carries no message beyond the limits of its channel', async () => {
    const open = await serve(
      { unary: (call, answer) => answer(null, Buffer.alloc(Number(call.request.toString()))) },
      { limits: { sendBytesMax: 1_000, receiveBytesMax: 2_000 } },
    );
    assert.equal((await open.unary(methods.unary, Buffer.from('2000'), {})).length, 2_000);
    await assert.rejects(
      open.unary(methods.unary, Buffer.from('2001'), {}),
      failsWith(status.RESOURCE_EXHAUSTED),
    );
    await assert.rejects(
      open.unary(methods.unary, Buffer.alloc(1_001), {}),
      failsWith(status.RESOURCE_EXHAUSTED),
    );
  });

  it('is UNAVAILABLE when the server dies under it', async () => {
    const arrived = createTally();
    const open = await serve({ unary: () => arrived.add() });
    const failed = assert.rejects(
      open.unary(methods.unary, request, {}),
      failsWith(status.UNAVAILABLE),
    );
    await arrived.reaches(1);
    server?.kill();
    await failed;
  });
});
