import * as grpc from '@grpc/grpc-js';
import { fromServiceError, invalidField, upload } from '@holdfast/rpc';
import type { CallContext, MessageReader } from '@holdfast/rpc';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { put, startPut } from './byte-methods.js';
import { answerOf, connectRaw, framed } from './raw-peer.js';
import { startTestServer, type TestServer } from './test-server.js';
import { codeOf, createGate, failureOf, reasonOf, stands } from './waiting.js';

const chunk = Buffer.alloc(256 * 1_024, 7);

describe('an upload to the rpc server', () => {
  let test: TestServer;
  afterEach(() => test.close());

  async function serve(
    handler: (requests: MessageReader<Buffer>, context: CallContext) => Promise<Buffer>,
    limits = {},
  ): Promise<grpc.Client> {
    test = await startTestServer([upload(put, handler)], limits);
    return test.client();
  }

  it('gives its handler every message, in order, and then the end', async () => {
    const client = await serve(async (requests) => {
      const seen: string[] = [];
      for await (const message of requests) seen.push(message.toString());
      assert.equal((await requests.next()).done, true);
      return Buffer.from(seen.join(' '));
    });
    const { stream, response } = startPut(client);
    for (const word of ['one', 'two', '', 'three']) stream.write(Buffer.from(word));
    stream.end();
    assert.equal((await response).toString(), 'one two  three');
    assert.deepEqual((await test.ended()).ends, [{ code: grpc.status.OK, error: undefined }]);
  });

  it('holds its sender back while nobody reads', async () => {
    const released = createGate();
    const client = await serve(
      async (requests) => {
        await requests.next();
        await released.opened;
        let bytes = 0;
        for await (const message of requests) bytes += message.length;
        return Buffer.from(String(bytes));
      },
      { streamWindowBytes: 2 * chunk.length },
    );
    const { stream, response } = startPut(client);
    let sent = 0;
    const write = (): void => {
      stream.write(chunk, () => {
        sent += 1;
        if (sent < 64) write();
        else stream.end();
      });
    };
    write();
    await stands(() => sent);
    assert.ok(sent > 0 && sent < 8, `${sent} messages were taken`);
    released.open();
    assert.equal((await response).toString(), String(63 * chunk.length));
  });

  it('aborts its signal when the caller cancels, although what it sent ends in the regular way', async () => {
    const received = createGate();
    let reason: unknown;
    const client = await serve(async (requests, { signal }) => {
      await requests.next();
      received.open();
      await once(signal, 'abort');
      reason = reasonOf(signal);
      return chunk;
    });
    const { stream, response } = startPut(client);
    stream.write(chunk);
    await received.opened;
    stream.cancel();
    await failureOf(response);
    const { ends } = await test.ended();
    assert.deepEqual(
      ends.map(({ code }) => code),
      [grpc.status.CANCELLED],
    );
    assert.equal(codeOf(reason), grpc.status.CANCELLED);
  });

  it('fails its reader when the connection is lost', async () => {
    const received = createGate();
    let failure: unknown;
    await serve(async (requests) => {
      await requests.next();
      received.open();
      failure = await requests.next().catch((error: unknown) => error);
      return chunk;
    });
    const peer = connectRaw(test.port);
    peer.open(put.path).write(framed(chunk));
    await received.opened;
    peer.loseConnection();
    await test.ended();
    assert.equal(codeOf(failure), grpc.status.CANCELLED);
  });

  it('fails its reader when the deadline passes', async () => {
    let failure: unknown;
    await serve(async (requests) => {
      failure = await requests.next().catch((error: unknown) => error);
      return chunk;
    });
    const peer = connectRaw(test.port);
    const stream = peer.open(put.path, { 'grpc-timeout': '100m' });
    const { grpcStatus } = await answerOf(stream);
    assert.equal(grpcStatus, grpc.status.DEADLINE_EXCEEDED);
    await test.ended();
    assert.equal(codeOf(failure), grpc.status.DEADLINE_EXCEEDED);
    peer.close();
  });

  it('may be answered before all of it is there', async () => {
    const client = await serve(async (requests) => {
      await requests.next();
      throw invalidField('PAYLOAD_TOO_LARGE', 'chunk', 'is enough');
    });
    const { stream, response } = startPut(client);
    const pump = (): void => {
      stream.write(chunk, pump);
    };
    pump();
    const failure = await failureOf(response);
    assert.equal(failure.code, grpc.status.INVALID_ARGUMENT);
    assert.equal(fromServiceError(failure).reason, 'PAYLOAD_TOO_LARGE');
  });

  it('refuses a message that is too large, and one that cannot be decoded', async () => {
    const fussy = {
      ...put,
      requestDeserialize: (bytes: Buffer): Buffer => {
        if (bytes.length === 1) throw new RangeError('index out of range');
        return bytes;
      },
    };
    test = await startTestServer([
      upload(fussy, async (requests) => {
        for await (const message of requests) void message;
        return chunk;
      }),
    ]);
    const large = startPut(test.client());
    large.stream.write(Buffer.alloc(2 * 1_024 * 1_024 + 1));
    assert.equal((await failureOf(large.response)).code, grpc.status.RESOURCE_EXHAUSTED);
    const broken = startPut(test.client());
    broken.stream.write(Buffer.alloc(1));
    const failure = await failureOf(broken.response);
    assert.equal(failure.code, grpc.status.INVALID_ARGUMENT);
    assert.equal(fromServiceError(failure).reason, 'INVALID_STREAM');
    assert.equal(fromServiceError(failure).violations[0]?.field, 'message');
    const fits = startPut(test.client());
    fits.stream.write(Buffer.alloc(2 * 1_024 * 1_024));
    fits.stream.end();
    assert.equal((await fits.response).length, chunk.length);
    await test.ended(3);
    assert.deepEqual(
      test.calls.map(({ ends }) => ends.map(({ code }) => code)),
      [[grpc.status.RESOURCE_EXHAUSTED], [grpc.status.INVALID_ARGUMENT], [grpc.status.OK]],
    );
  });
});
