import {
  encodeChunkMessage,
  encodeUploadFinish,
  encodeUploadHeader,
  RpcError,
  reasonError,
  type CallContext,
  type MessageReader,
} from '@holdfast/rpc';
import { createByteBudget } from '@holdfast/service-kit';
import assert from 'node:assert/strict';
import {
  gatherUpload,
  type GatheredUpload,
} from '../../../services/gateway/src/handlers/gather-upload.js';
import type { GatewayParts } from '../../../services/gateway/src/handlers/gateway-parts.js';
import { handlerLimitDefaults } from '../../../services/gateway/src/handlers/handler-limits.js';

const header = encodeUploadHeader({
  objectId: undefined,
  metadata: undefined,
  condition: undefined,
});
const finish = (size: number): Buffer =>
  encodeUploadFinish({ size: BigInt(size), crc32c: undefined });
const chunk = (size: number): Buffer => encodeChunkMessage(Buffer.alloc(size, 1));
const gone = reasonError('CANCELLED', 'the caller went away');

interface Sent extends MessageReader<Buffer> {
  readonly left: () => number;
}

/** What a caller sends; at the end it has closed its side, or gone. */
function sent(messages: readonly Buffer[], end: 'closed' | 'gone' = 'closed'): Sent {
  const left = [...messages];
  async function next(): Promise<IteratorResult<Buffer, undefined>> {
    const value = left.shift();
    if (value !== undefined) return { done: false, value };
    if (end === 'gone') throw gone;
    return { done: true, value: undefined };
  }
  return { next, left: () => left.length, [Symbol.asyncIterator]: () => ({ next }) };
}

const budget = createByteBudget({ bytesMax: 1_000_000 });

async function gather(requests: MessageReader<Buffer>): Promise<GatheredUpload> {
  const lease = budget.open();
  const context = { signal: new AbortController().signal } as CallContext;
  const parts = { budget, limits: handlerLimitDefaults } as GatewayParts;
  try {
    return await gatherUpload(requests, context, lease, parts);
  } finally {
    lease.close();
  }
}

async function refusal(requests: MessageReader<Buffer>): Promise<RpcError | undefined> {
  try {
    await gather(requests);
  } catch (error) {
    assert.ok(error instanceof RpcError);
    return error;
  }
  return undefined;
}

describe('gateway: gathering an upload', () => {
  afterEach(() => assert.equal(budget.used(), 0));

  it('takes one of at most 256 KiB whole', async () => {
    for (const sizes of [[], [262_144], [262_143, 1], [1, 2, 3]]) {
      const total = sizes.reduce((sum, size) => sum + size, 0);
      const upload = await gather(sent([header, ...sizes.map(chunk), finish(total)]));
      assert.equal(upload.finish?.size, BigInt(total));
      assert.equal(Buffer.concat([...upload.chunks]).length, total);
    }
  });

  it('stops at the chunk that makes it too large, and reads no further', async () => {
    const requests = sent([header, chunk(262_144), chunk(1), chunk(5), finish(262_150)]);
    const upload = await gather(requests);
    assert.equal(upload.finish, undefined);
    assert.equal(upload.messages.length, 3);
    assert.equal(requests.left(), 2);
  });

  it('stops at too many chunks, and passes over empty ones', async () => {
    const many = Array.from({ length: 65 }, () => chunk(1));
    assert.equal((await gather(sent([header, ...many, finish(65)]))).messages.length, 66);
    const empty = Array.from({ length: 1_000 }, () => chunk(0));
    assert.equal((await gather(sent([header, ...empty, finish(0)]))).chunks.length, 0);
  });

  it('is complete with its finish, although its caller then goes', async () => {
    const upload = await gather(sent([header, chunk(3), finish(3)], 'gone'));
    assert.equal(upload.size, 3);
    assert.equal(upload.finish?.size, 3n);
  });

  it('fails with its caller before the finish', async () => {
    await assert.rejects(gather(sent([header, chunk(3)], 'gone')), gone);
    await assert.rejects(gather(sent([header], 'gone')), gone);
  });

  it('refuses what is out of order', async () => {
    const wrong: readonly (readonly Buffer[])[] = [
      [],
      [chunk(1), finish(1)],
      [finish(0)],
      [header],
      [header, chunk(1)],
      [header, header, finish(0)],
      [header, finish(0), finish(0)],
      [header, finish(0), chunk(0)],
      [header, Buffer.alloc(0), finish(0)],
      [header, Buffer.from([0xff]), finish(0)],
    ];
    for (const messages of wrong) {
      const error = await refusal(sent(messages));
      assert.equal(error?.reason, 'INVALID_STREAM', `${messages.length}`);
      assert.equal(error.violations[0]?.field, 'message');
    }
  });

  it('refuses another size than was declared', async () => {
    for (const messages of [
      [header, chunk(3), finish(2)],
      [header, finish(1)],
    ]) {
      assert.equal((await refusal(sent(messages)))?.reason, 'CONTENT_MISMATCH');
    }
  });
});
