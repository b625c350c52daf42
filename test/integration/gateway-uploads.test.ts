import { status } from '@grpc/grpc-js';
import assert from 'node:assert/strict';
import { failure, put, upload } from '../support/gateway/callers.js';
import {
  startGatewayUnderTest,
  type GatewayUnderTest,
} from '../support/gateway/gateway-under-test.js';
import { errorOutcome } from '../support/gateway/memory-objects.js';
import { startScriptedStore, type ScriptedStore } from '../support/gateway/scripted-store.js';
import { waitUntil } from '../support/gateway/wait-until.js';
import { serviceError } from '../support/gateway/service-error.js';

const KiB = 1024;
const chunk = Buffer.alloc(256 * KiB, 1);
const stored = { objectId: undefined, revision: 'r', size: 0n, crc32c: 0 };

describe('gateway: uploads', () => {
  let store: ScriptedStore;
  let gateway: GatewayUnderTest;

  beforeEach(async () => {
    store = await startScriptedStore();
    gateway = await startGatewayUnderTest([store.address], { limits: { stallMsMax: 2_000 } });
  });

  afterEach(async () => {
    await gateway.shutDown();
    await store.close();
  });

  function finishes(): number {
    const messages = store.uploads.flatMap((one) => one.messages);
    return messages.filter(({ message }) => message?.$case === 'finish').length;
  }

  async function uploadStarted(): Promise<void> {
    await waitUntil('the store takes an upload', () => (store.uploads[0]?.bytes ?? 0) > 0);
  }

  describe('small ones', () => {
    it('gathers 256 KiB into one operation, and streams one byte more', async () => {
      assert.equal((await put(gateway.client, chunk, 10 * KiB)).size, 262_144n);
      assert.equal(store.operations.length, 1);
      const [seen] = store.operations;
      assert.equal(seen?.operation.operation?.$case, 'put');
      assert.deepEqual(Buffer.from(seen.operation.operation.value.payload), chunk);
      assert.equal(
        (await put(gateway.client, Buffer.concat([chunk, Buffer.alloc(1)]))).size,
        262_145n,
      );
      assert.equal(store.uploads.length, 1);
    });

    it('stores an empty payload, and takes empty chunks for nothing', async () => {
      const call = upload(gateway.client).header();
      for (let index = 0; index < 100; index += 1) call.chunk(Buffer.alloc(0));
      assert.equal((await call.finish(0).end().response).size, 0n);
      assert.equal(store.operations.length, 1);
    });

    it('streams a small payload that comes in very many chunks', async () => {
      assert.equal((await put(gateway.client, Buffer.alloc(500), 1)).size, 500n);
      assert.equal(store.uploads.length, 1);
    });

    it('passes the checksum on, and names the field of the upload when it is wrong', async () => {
      store.script.operation = ({ operation }) => {
        assert.equal(operation.operation?.$case, 'put');
        assert.equal(operation.operation.value.crc32c, 42);
        return errorOutcome('CONTENT_MISMATCH', 'crc32c: another one', [
          { field: 'crc32c', description: 'another one' },
        ]);
      };
      const error = await failure(
        upload(gateway.client).header().chunk(Buffer.from('x')).finish(1, 42).end().response,
      );
      assert.equal(error.reason, 'CONTENT_MISMATCH');
      assert.deepEqual(error.violations, [{ field: 'finish.crc32c', description: 'another one' }]);
    });

    it('refuses another size than declared, and tells the store nothing', async () => {
      const call = upload(gateway.client).header().chunk(Buffer.from('abc')).finish(4).end();
      const error = await failure(call.response);
      assert.equal(error.reason, 'CONTENT_MISMATCH');
      assert.equal(error.violations[0]?.field, 'finish.size');
      assert.equal(store.operations.length, 0);
    });

    it('leaves nothing when the caller goes away before the finish', async () => {
      const call = upload(gateway.client).header().chunk(Buffer.from('abc'));
      await waitUntil(
        'bytes are held',
        async () => (await gateway.metric('gateway_held_bytes')) > 0,
      );
      call.call.cancel();
      await waitUntil('no bytes are held', async () => {
        return (await gateway.metric('gateway_held_bytes')) === 0;
      });
      assert.equal(store.operations.length + store.uploads.length, 0);
    });

    it('stores what is complete although the caller is gone', async () => {
      let isStored = false;
      let release: (() => void) | undefined;
      store.script.operation = async () => {
        await new Promise<void>((resolve) => {
          release = resolve;
        });
        isStored = true;
        return { $case: 'put', value: stored };
      };
      const call = upload(gateway.client).header().chunk(Buffer.from('abc')).finish(3).end();
      await waitUntil('the store has the operation', () => release !== undefined);
      call.call.cancel();
      release?.();
      await waitUntil('it is stored', () => isStored);
    });

    it('sends nothing of what is complete when the caller goes before it is sent', async () => {
      const call = upload(gateway.client).header().chunk(Buffer.from('abc')).finish(3);
      await waitUntil(
        'all has arrived',
        async () => (await gateway.metric('gateway_held_bytes')) > 0,
      );
      call.call.cancel();
      await waitUntil('nothing is held', async () => {
        return (await gateway.metric('gateway_held_bytes')) === 0;
      });
      await put(gateway.client, Buffer.from('another one'));
      assert.equal(store.operations.length, 1);
    });
  });

  describe('that are not as they must be', () => {
    const wrong: readonly [string, () => Promise<unknown>][] = [
      ['begins with a chunk', () => upload(gateway.client).chunk(chunk).end().response],
      ['begins with a finish', () => upload(gateway.client).finish(0).end().response],
      ['has two headers', () => upload(gateway.client).header().header().end().response],
      ['is empty', () => upload(gateway.client).end().response],
      [
        'has no finish',
        () => upload(gateway.client).header().chunk(Buffer.from('a')).end().response,
      ],
      [
        'goes on after its finish',
        () => upload(gateway.client).header().finish(0).chunk(Buffer.from('a')).end().response,
      ],
      [
        'is large and has no finish',
        () => upload(gateway.client).header().chunk(chunk).chunk(chunk).end().response,
      ],
      [
        'is large and has two headers',
        () => upload(gateway.client).header().chunk(chunk).chunk(chunk).header().end().response,
      ],
      [
        'is large and goes on after its finish',
        () => {
          const call = upload(gateway.client).header().chunk(chunk).chunk(chunk);
          return call.finish(524_288).chunk(chunk).end().response;
        },
      ],
    ];

    for (const [what, call] of wrong) {
      it(`refuses one that ${what}, and nothing is stored`, async () => {
        const error = await failure(call());
        assert.equal(error.code, status.INVALID_ARGUMENT);
        assert.equal(error.reason, 'INVALID_STREAM');
        assert.equal(store.operations.length, 0);
        await waitUntil('uploads are cancelled', () =>
          store.uploads.every((one) => one.isCancelled),
        );
        assert.equal(finishes(), 0);
      });
    }

    it('refuses a message that cannot be decoded', async () => {
      const call = gateway.client.makeClientStreamRequest(
        '/holdfast.object.v1.ObjectService/PutObject',
        (bytes: Buffer) => bytes,
        (bytes: Buffer) => bytes,
        () => undefined,
      );
      const ended = new Promise<{ code: number }>((resolve) => {
        call.on('status', resolve);
      });
      call.on('error', () => undefined);
      call.end(Buffer.from([0x0a, 0x7f]));
      assert.equal((await ended).code, status.INVALID_ARGUMENT);
    });
  });

  describe('large ones', () => {
    it('go to the store as they come, with request id and deadline', async () => {
      const payload = Buffer.concat(Array.from({ length: 9 }, () => chunk));
      const deadline = Date.now() + 20_000;
      await put(gateway.client, payload, 256 * KiB, { deadline });
      const [seen] = store.uploads;
      assert.equal(seen?.bytes, payload.length);
      assert.equal(String(seen.metadata.get('x-request-id')[0]).length > 0, true);
      assert.equal(seen.messages.at(-1)?.message?.$case, 'finish');
    });

    it('are cancelled at the store when the caller goes away before the finish', async () => {
      const call = upload(gateway.client).header().chunk(chunk).chunk(chunk);
      await uploadStarted();
      call.call.cancel();
      await waitUntil('it is cancelled', () => store.uploads[0]?.isCancelled === true);
      assert.equal(finishes(), 0);
    });

    it('hold at most two messages each while their callers pause', async () => {
      const small = chunk.subarray(0, 16 * KiB);
      const calls = Array.from({ length: 10 }, () => {
        const call = upload(gateway.client).header();
        for (let sent = 0; sent < 20; sent += 1) call.chunk(small);
        return call;
      });
      await waitUntil('all of it is at the store', () => {
        return store.uploads.reduce((sum, { bytes }) => sum + bytes, 0) === 200 * small.length;
      });
      const twoEach = 10 * 2 * (small.length + 10);
      await waitUntil('little is held', async () => {
        return (await gateway.metric('gateway_held_bytes')) <= twoEach;
      });
      assert.ok((await gateway.metric('gateway_held_bytes')) > 0);
      for (const { call } of calls) call.cancel();
    });

    it('are cancelled at the store when their deadline passes before the finish', async () => {
      const call = upload(gateway.client, { deadline: Date.now() + 300 }).header();
      call.chunk(chunk).chunk(chunk);
      assert.equal((await failure(call.response)).code, status.DEADLINE_EXCEEDED);
      await waitUntil('it is cancelled', () => store.uploads[0]?.isCancelled === true);
      assert.equal(finishes(), 0);
    });

    it('run to their end when the caller goes away after the finish', async () => {
      let isEnded = false;
      store.script.upload = (seen) => {
        void waitUntil('it has ended', () => seen.hasEnded).then(() => {
          isEnded = true;
        });
      };
      const call = upload(gateway.client).header().chunk(chunk).chunk(chunk).finish(524_288).end();
      await waitUntil('the store has all of it', () => isEnded);
      call.call.cancel();
      const [seen] = store.uploads;
      await waitUntil('the caller is gone', () => call.call.closed || call.call.destroyed);
      assert.equal(seen?.isCancelled, false);
      seen.answer(stored);
      await waitUntil('the call to the store is over', async () => {
        return (await gateway.metric('gateway_upstream_outstanding')) === 0;
      });
      assert.equal(seen.isCancelled, false);
    });

    it('end at once with the answer of a store that has enough', async () => {
      store.script.upload = (seen) => {
        seen.fail(
          serviceError('PAYLOAD_TOO_LARGE', 'an object has at most 5 bytes', [
            { field: 'chunk', description: 'too much' },
          ]),
        );
      };
      const call = upload(gateway.client).header().chunk(chunk).chunk(chunk);
      const error = await failure(call.response);
      assert.equal(error.reason, 'PAYLOAD_TOO_LARGE');
      assert.equal(error.message, 'an object has at most 5 bytes');
      assert.equal(error.violations[0]?.field, 'chunk');
    });

    it('had no effect when the store dies before the finish', async () => {
      const call = upload(gateway.client).header().chunk(chunk).chunk(chunk);
      await uploadStarted();
      await store.line.cut();
      const error = await failure(call.response);
      assert.equal(error.code, status.UNAVAILABLE);
      assert.equal(error.reason, 'TIER_UNAVAILABLE');
    });

    it('have an unknown outcome when the store dies after the finish', async () => {
      store.script.upload = () => undefined;
      const call = upload(gateway.client).header().chunk(chunk).chunk(chunk).finish(524_288).end();
      await waitUntil('the store has the finish', () => finishes() === 1);
      await store.line.cut();
      const error = await failure(call.response);
      assert.equal(error.code, status.UNAVAILABLE);
      assert.equal(error.reason, 'OUTCOME_UNKNOWN');
    });

    it('are not taken from the caller faster than the store takes them', async () => {
      store.script.upload = (seen) => seen.pause();
      const call = upload(gateway.client).header();
      let written = 0;
      let isOver = false;
      const more = (): void => {
        if (isOver) return;
        while (written < 400 && call.call.write({ message: { $case: 'chunk', value: chunk } })) {
          written += 1;
        }
        written += 1;
      };
      call.call.on('drain', more);
      call.call.on('status', () => {
        isOver = true;
      });
      more();
      // It had all the time that a store has to take a byte.
      assert.equal((await failure(call.response)).reason, 'STREAM_STALLED');
      assert.ok(written > 4 && written < 60, `${written} chunks of 256 KiB were taken`);
    });

    it('fail STREAM_STALLED when the store takes nothing for too long', async () => {
      store.script.upload = (seen) => seen.pause();
      const call = upload(gateway.client).header();
      for (let index = 0; index < 40; index += 1) call.chunk(chunk);
      const error = await failure(call.response);
      assert.equal(error.code, status.DEADLINE_EXCEEDED);
      assert.equal(error.reason, 'STREAM_STALLED');
      assert.equal(finishes(), 0);
    });

    it('fail STREAM_STALLED when the caller sends nothing for too long', async () => {
      const call = upload(gateway.client).header().chunk(chunk).chunk(chunk);
      const error = await failure(call.response);
      assert.equal(error.reason, 'STREAM_STALLED');
      await waitUntil('it is cancelled', () => store.uploads[0]?.isCancelled === true);
    });
  });
});
