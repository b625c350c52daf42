import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Metadata, status, type ServerWritableStream } from '@grpc/grpc-js';
import { openChannel, reasonError, RpcError, statusBytes, type RpcChannel } from '@holdfast/rpc';
import { waitUntil } from '../../support/cluster-wait.js';
import {
  createTally,
  methods,
  startTestServer,
  type TestHandlers,
  type TestServer,
} from './test-server.js';

const chunkBytes = 256 * 1_024;
const request = Buffer.from('request');

function numbered(number: number, bytes = chunkBytes): Buffer {
  const chunk = Buffer.alloc(bytes, number % 251);
  chunk.writeUInt32BE(number, 0);
  return chunk;
}

function failsWith(code: status, reason?: string): (error: unknown) => boolean {
  return (error) => {
    assert(error instanceof RpcError);
    assert.equal(status[error.code], status[code], error.message);
    assert.equal(error.reason, reason);
    return true;
  };
}

describe('streams of a client', () => {
  let server: TestServer | undefined;
  let channel: RpcChannel | undefined;

  async function serve(handlers: TestHandlers): Promise<RpcChannel> {
    server = await startTestServer(handlers);
    channel = openChannel({ address: server.address });
    return channel;
  }

  afterEach(() => {
    channel?.close();
    server?.kill();
  });

  /** Sends as much as the client takes; `sent` counts. */
  function sender(chunks: number, sent: { add(): void }) {
    return async (call: ServerWritableStream<Buffer, Buffer>): Promise<void> => {
      for (let number = 0; number < chunks && !call.cancelled; number += 1) {
        const more = call.write(numbered(number));
        sent.add();
        if (!more) await Promise.race([once(call, 'drain'), once(call, 'cancelled')]);
      }
      call.end();
    };
  }

  describe('a download', () => {
    it('gives the messages in their order, whole, and then its end', async () => {
      const send = sender(40, createTally());
      const open = await serve({ download: (call) => void send(call) });
      let next = 0;
      for await (const message of open.download(methods.download, request, {})) {
        assert(message.equals(numbered(next)));
        next += 1;
      }
      assert.equal(next, 40);
    });

    it('that is not read stops its server, and goes on when it is read', async () => {
      const sent = createTally();
      const send = sender(64, sent);
      const open = await serve({ download: (call) => void send(call) });
      const download = open.download(methods.download, request, {});
      await sent.reaches(1);
      await waitUntilStill(sent);
      // The window is 1 MiB, and a server of grpc-js holds up to 16 messages of its own.
      assert(sent.count() <= 4 + 1 + 16 + 2, `${sent.count()} messages were sent`);
      let received = 0;
      for await (const message of download) received += message.length;
      assert.equal(received, 64 * chunkBytes);
    });

    it('that is not read leaves other calls on its connection alone', async () => {
      const sent = createTally();
      const send = sender(64, sent);
      const open = await serve({
        download: (call) => void send(call),
        unary: (_, answer) => answer(null, request),
      });
      const unread = Array.from({ length: 8 }, () => open.download(methods.download, request, {}));
      await sent.reaches(8);
      await waitUntilStill(sent);
      assert.deepEqual(await open.unary(methods.unary, request, {}), request);
      let received = 0;
      for await (const message of open.download(methods.download, request, {})) {
        received += message.length;
      }
      assert.equal(received, 64 * chunkBytes);
      for (const download of unread) download.cancel();
    });

    it('is cancelled on the server when it is left early', async () => {
      const cancelled = createTally();
      const send = sender(1_000, createTally());
      const open = await serve({
        download(call) {
          call.on('cancelled', () => cancelled.add());
          void send(call);
        },
      });
      for await (const message of open.download(methods.download, request, {})) {
        assert.equal(message.readUInt32BE(0), 0);
        break;
      }
      await cancelled.reaches(1);
    });

    it('that is cancelled fails with CANCELLED, for one who waits and for one who asks later', async () => {
      const open = await serve({ download: () => undefined });
      const download = open.download(methods.download, request, {});
      const waiting = assert.rejects(download.next(), failsWith(status.CANCELLED));
      download.cancel();
      await waiting;
      await assert.rejects(download.next(), failsWith(status.CANCELLED));
    });

    it('fails with the details of the status after the messages that came before it', async () => {
      const error = reasonError('CHECKSUM_MISMATCH', 'damaged');
      const open = await serve({
        download(call) {
          call.write(numbered(0));
          const metadata = new Metadata();
          metadata.set('grpc-status-details-bin', statusBytes(error));
          call.emit('error', { code: error.code, details: error.message, metadata });
        },
      });
      const download = open.download(methods.download, request, {});
      const read = async (): Promise<void> => {
        for await (const message of download) assert.equal(message.length, chunkBytes);
      };
      await assert.rejects(read(), failsWith(status.DATA_LOSS, 'CHECKSUM_MISMATCH'));
    });

    it('ends at its deadline', async () => {
      const open = await serve({ download: () => undefined });
      const download = open.download(methods.download, request, { deadline: Date.now() + 100 });
      await assert.rejects(download.next(), failsWith(status.DEADLINE_EXCEEDED));
    });

    it('is broken off by a message that cannot be decoded', async () => {
      const cancelled = createTally();
      const open = await serve({
        download(call) {
          call.on('cancelled', () => cancelled.add());
          call.write(request);
        },
      });
      const responseDeserialize = (): never => {
        throw new RangeError('index out of range');
      };
      const download = open.download({ ...methods.download, responseDeserialize }, request, {});
      await assert.rejects(download.next(), failsWith(status.INTERNAL));
      await cancelled.reaches(1);
    });

    it('that dies with its server is UNAVAILABLE', async () => {
      const open = await serve({ download: (call) => void call.write(request) });
      const download = open.download(methods.download, request, {});
      await download.next();
      server?.kill();
      await assert.rejects(download.next(), failsWith(status.UNAVAILABLE));
    });
  });

  describe('an upload', () => {
    it('arrives in order and whole, however fast it is written, and answers the response', async () => {
      for (const bytes of [100, 20_000, chunkBytes]) {
        const open = await serve({
          upload(call, answer) {
            let next = 0;
            call.on('data', (message: Buffer) => {
              assert(message.equals(numbered(next, bytes)));
              next += 1;
            });
            call.on('end', () => answer(null, Buffer.from(String(next))));
          },
        });
        const upload = open.upload(methods.upload, {});
        for (let number = 0; number < 40; number += 1) await upload.write(numbered(number, bytes));
        assert.equal((await upload.finish()).toString(), '40');
        open.close();
        server?.kill();
      }
    });

    it('waits while the server does not read, and holds two messages at most', async () => {
      const written = createTally();
      const arrived = createTally();
      let start: () => void = () => undefined;
      const open = await serve({
        upload(call, answer) {
          let bytes = 0;
          start = () => call.on('data', (message: Buffer) => (bytes += message.length));
          call.on('end', () => answer(null, Buffer.from(String(bytes))));
          arrived.add();
        },
      });
      const upload = open.upload(methods.upload, {});
      const writing = (async () => {
        for (let number = 0; number < 400; number += 1) {
          await upload.write(numbered(number, 16_384));
          written.add();
        }
      })();
      await arrived.reaches(1);
      await waitUntilStill(written);
      // Beside ours there is what the server's window of 64 KiB and its buffers hold.
      assert(written.count() <= 30, `${written.count()} messages were taken`);
      start();
      await writing;
      assert.equal((await upload.finish()).toString(), String(400 * 16_384));
    });

    it('without any message is finished all the same', async () => {
      const open = await serve({
        upload(call, answer) {
          call.on('data', () => undefined);
          call.on('end', () => answer(null, request));
        },
      });
      assert.deepEqual(await open.upload(methods.upload, {}).finish(), request);
    });

    it('stops when the server answers early, with its error', async () => {
      const open = await serve({
        upload(_, answer) {
          answer({ code: status.INVALID_ARGUMENT, details: 'no' });
        },
      });
      const upload = open.upload(methods.upload, {});
      const writeOn = async (): Promise<void> => {
        for (let number = 0; number < 1_000; number += 1) await upload.write(numbered(number));
      };
      await assert.rejects(writeOn(), failsWith(status.INVALID_ARGUMENT));
      await assert.rejects(upload.response, failsWith(status.INVALID_ARGUMENT));
      await assert.rejects(upload.finish(), failsWith(status.INVALID_ARGUMENT));
    });

    it('may be left alone when it fails: a response nobody listens to is no crash', async () => {
      const ended = createTally();
      const open = await serve({
        upload(call, answer) {
          call.on('close', () => ended.add());
          answer({ code: status.ABORTED, details: 'no' });
        },
      });
      open.upload(methods.upload, {});
      await ended.reaches(1);
      await assert.rejects(open.upload(methods.upload, {}).response, failsWith(status.ABORTED));
    });

    it('that is cancelled tells the server, which must not take it for complete', async () => {
      const cancelled = createTally();
      const open = await serve({
        upload(call) {
          call.on('data', () => undefined);
          call.on('cancelled', () => cancelled.add());
        },
      });
      const upload = open.upload(methods.upload, {});
      await upload.write(request);
      upload.cancel();
      await assert.rejects(upload.response, failsWith(status.CANCELLED));
      await assert.rejects(upload.write(request), failsWith(status.CANCELLED));
      await cancelled.reaches(1);
    });
  });

  describe('a bidirectional stream', () => {
    it('goes both ways until both sides are done', async () => {
      const open = await serve({
        bidi(call) {
          call.on('data', (message: Buffer) => call.write(message));
          call.on('end', () => call.end());
        },
      });
      const bidi = open.bidi(methods.bidi, {});
      for (let number = 0; number < 10; number += 1) {
        await bidi.write(numbered(number));
        const next = await bidi.next();
        assert(next.done !== true && next.value.equals(numbered(number)));
      }
      bidi.halfClose();
      assert.equal((await bidi.next()).done, true);
      assert.equal(await bidi.status, undefined);
    });

    it('half-closed right after writes still sends what was written', async () => {
      const open = await serve({
        bidi(call) {
          let count = 0;
          call.on('data', () => (count += 1));
          call.on('end', () => {
            call.write(Buffer.from(String(count)));
            call.end();
          });
        },
      });
      for (const writes of [0, 1, 2, 3]) {
        const bidi = open.bidi(methods.bidi, {});
        for (let number = 0; number < writes; number += 1) await bidi.write(numbered(number));
        bidi.halfClose();
        const next = await bidi.next();
        assert.equal(String(next.value), String(writes));
      }
    });

    it('tells how it ended, also who only writes', async () => {
      const open = await serve({
        bidi(call) {
          call.emit('error', { code: status.UNAVAILABLE, details: 'going' });
        },
      });
      const bidi = open.bidi(methods.bidi, {});
      const error = await bidi.status;
      assert.equal(error?.code, status.UNAVAILABLE);
      await assert.rejects(bidi.write(request), failsWith(status.UNAVAILABLE));
    });

    it('goes on over a connection that takes no new calls', async () => {
      const open = await serve({
        bidi(call) {
          call.on('data', (message: Buffer) => call.write(message));
          call.on('end', () => call.end());
        },
      });
      const bidi = open.bidi(methods.bidi, {});
      await bidi.write(request);
      await bidi.next();
      const drained = server?.drain();
      await waitUntil(
        'the client knows',
        () => open.state(),
        (state) => state !== 'ready',
      );
      await bidi.write(request);
      assert.deepEqual((await bidi.next()).value, request);
      bidi.halfClose();
      assert.equal(await bidi.status, undefined);
      await drained;
    });
  });
});

/** Waits until nothing more happens for a while: what is not to happen leaves no other trace. */
async function waitUntilStill(tally: { readonly count: () => number }): Promise<void> {
  let before = -1;
  let since = performance.now();
  await waitUntil(
    'nothing more happens',
    () => {
      if (tally.count() !== before) since = performance.now();
      before = tally.count();
      return performance.now() - since;
    },
    (stillMs) => stillMs > 300,
  );
}
