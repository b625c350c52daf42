import { parseUploadMessage } from '@holdfast/rpc';
import fc from 'fast-check';
import assert from 'node:assert/strict';
import { bytesPayload } from '../../../packages/client/src/payload/bytes-payload.js';
import { openPayload, type PutBody } from '../../../packages/client/src/payload/open-payload.js';

const KiB = 1024;
const guard = {
  wait: <T>(promise: Promise<T>): Promise<T> => promise,
  interrupt: () => undefined,
  close: () => undefined,
};

async function bytesOf(body: PutBody): Promise<{ kind: string; bytes: Buffer; sizes: number[] }> {
  const isAtHand = typeof body === 'string' || body instanceof Uint8Array;
  const payload = isAtHand ? bytesPayload(body) : await openPayload(body, guard);
  if (payload.kind === 'small') {
    return { kind: 'small', bytes: Buffer.from(payload.bytes), sizes: [] };
  }
  const chunks = payload.source.chunks();
  const carried: Uint8Array[] = [];
  for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) {
    const message = parseUploadMessage(next.value.message);
    assert.ok(message.kind === 'chunk');
    assert.deepEqual(Buffer.from(message.bytes), Buffer.from(next.value.bytes));
    carried.push(Buffer.from(message.bytes));
  }
  payload.source.close();
  const sizes = carried.map((chunk) => chunk.length);
  return { kind: 'large', bytes: Buffer.concat(carried), sizes };
}

describe('a payload to send', () => {
  it('is cut into chunks of 256 KiB, however it comes', async () => {
    const lengths = fc.array(fc.nat({ max: 700 * KiB }), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(lengths, async (given) => {
        const pieces = given.map((length, at) => Buffer.alloc(length, at + 1));
        const whole = Buffer.concat(pieces);
        async function* stream(): AsyncGenerator<Uint8Array> {
          yield* pieces;
        }
        for (const body of [whole, stream()]) {
          const { kind, bytes, sizes } = await bytesOf(body);
          assert.equal(kind, whole.length <= 256 * KiB ? 'small' : 'large');
          assert.ok(bytes.equals(whole));
          assert.ok(sizes.slice(0, -1).every((size) => size === 256 * KiB));
        }
      }),
      { numRuns: 30 },
    );
  });

  it('may be text, and pieces of text', async () => {
    async function* words(): AsyncGenerator<string> {
      yield 'größer ';
      yield 'als groß';
    }
    assert.equal((await bytesOf('größer')).bytes.toString(), 'größer');
    assert.equal((await bytesOf(words())).bytes.toString(), 'größer als groß');
  });

  it('may not be of anything else', async () => {
    async function* numbers(): AsyncGenerator<Uint8Array> {
      yield 5 as unknown as Uint8Array;
    }
    await assert.rejects(openPayload(numbers(), guard), TypeError);
  });

  it('can be read again from bytes, and from a stream until that is used up', async () => {
    const bytes = bytesPayload(Buffer.alloc(KiB * KiB));
    assert.ok(bytes.kind === 'large' && bytes.source.isRepeatable());
    async function* stream(): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < 4; at += 1) yield Buffer.alloc(256 * KiB, at);
    }
    const payload = await openPayload(stream(), guard);
    assert.ok(payload.kind === 'large');
    const { source } = payload;
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const chunks = source.chunks();
      for (const expected of [0, 1]) {
        const next = await chunks.next();
        assert.equal(next.value?.bytes[0], expected);
      }
      assert.ok(source.isRepeatable());
    }
    const last = source.chunks();
    for (let at = 0; at < 3; at += 1) await last.next();
    assert.ok(!source.isRepeatable());
  });
});
