import { status } from '@grpc/grpc-js';
import { reasonError, rpcError } from '@holdfast/rpc';
import assert from 'node:assert/strict';
import {
  bytesOf,
  collect,
  createClientFixture,
  failure,
  KiB,
  MiB,
} from '../support/client-fixture.js';
import type { ObjectServer } from '../support/object-server.js';

const id = 'photos/org=42:cat.jpg';
const broken = () => rpcError(status.UNAVAILABLE, undefined, 'the connection broke');

/** Breaks the first so many downloads once they have sent so much. */
function cutAfter(server: ObjectServer, bytes: number, times: number, error = broken): void {
  let left = times;
  server.faults.cut = (sent) => {
    if (sent < bytes || left === 0) return undefined;
    left -= 1;
    return error();
  };
}

function streams(server: ObjectServer): number {
  return server.served.filter((method) => method === 'GetObject').length;
}

async function until(what: () => boolean): Promise<void> {
  while (!what()) await new Promise((resolve) => setImmediate(resolve));
}

describe('a download', () => {
  const fixture = createClientFixture();
  afterEach(() => fixture.close());
  const payload = bytesOf(5 * MiB + 12_345);

  const errors = {
    'the connection breaks': broken,
    'the server shuts down': () => reasonError('SHUTTING_DOWN', 'shutting down'),
    'it stalled': () => reasonError('STREAM_STALLED', 'no bytes for 30 seconds'),
  };
  for (const [why, error] of Object.entries(errors)) {
    it(`goes on where it was when ${why}, and shows one stream`, async () => {
      const { server, client } = await fixture.start();
      await client.put(id, payload);
      cutAfter(server, MiB, 4, error);
      const found = await client.get(id);
      const chunks = await collect(found.body);
      assert.deepEqual(Buffer.concat(chunks), payload);
      assert.equal(streams(server), 5);
    });
  }

  it('goes on within a range', async () => {
    const { server, client } = await fixture.start();
    await client.put(id, payload);
    cutAfter(server, 512 * KiB, 3);
    const found = await client.get(id, { range: { first: 1_000, last: 4 * MiB } });
    assert.deepEqual(Buffer.from(await found.bytes()), payload.subarray(1_000, 4 * MiB + 1));
    assert.equal(streams(server), 4);
  });

  it('ends well when it broke after its last byte', async () => {
    const { server, client } = await fixture.start();
    await client.put(id, payload);
    server.faults.loseReply = (method) => method === 'GetObject';
    assert.deepEqual(Buffer.from(await (await client.get(id)).bytes()), payload);
    assert.equal(streams(server), 1);
  });

  it('counts its attempts anew after each byte, and gives up without one', async () => {
    const { server, client } = await fixture.start({ limits: { attemptsMax: 2 } });
    await client.put(id, payload);
    cutAfter(server, 256 * KiB, 10);
    assert.deepEqual(Buffer.from(await (await client.get(id)).bytes()), payload);
    const found = await client.get(id);
    cutAfter(server, 0, Infinity);
    server.served.length = 0;
    await assert.rejects(collect(found.body), failure('UNAVAILABLE'));
    assert.ok(streams(server) <= 3);
  });

  it('fails when the object is replaced while it is read, and never mixes two', async () => {
    const { server, client } = await fixture.start();
    await client.put(id, payload);
    const found = await client.get(id);
    await client.put(id, bytesOf(payload.length));
    cutAfter(server, MiB, 1);
    const seen: Uint8Array[] = [];
    const read = async (): Promise<void> => {
      for await (const chunk of found.body) seen.push(chunk);
    };
    // What was sent before is in the connection's buffers: it may be all of it.
    await read().catch(failure('FAILED_PRECONDITION', 'REVISION_MISMATCH'));
    const received = Buffer.concat(seen);
    assert.deepEqual(received, payload.subarray(0, received.length));
  });

  it('begins again when the object is replaced between its two steps', async () => {
    const { server, client } = await fixture.start();
    await client.put(id, payload);
    const other = bytesOf(2 * MiB);
    let replaced = 0;
    server.faults.hold = async (method) => {
      if (method !== 'GetObject' || replaced === 2) return;
      replaced += 1;
      server.map.put({ objectId: objectId(), metadata: undefined, condition: undefined }, other);
    };
    assert.deepEqual(Buffer.from(await (await client.get(id)).bytes()), other);
    assert.equal(streams(server), 3);
  });

  it('says that the object is gone when it is deleted between its two steps', async () => {
    const { server, client } = await fixture.start();
    await client.put(id, payload);
    server.faults.hold = async (method) => {
      if (method === 'GetObject') server.map.delete({ objectId: objectId() });
    };
    await assert.rejects(client.get(id), failure('NOT_FOUND'));
  });

  for (const size of [1_000, 3 * MiB]) {
    it(`does not hand out the end of ${size} bytes that are not those that were written`, async () => {
      const { server, client } = await fixture.start();
      await client.put(id, bytesOf(size));
      server.faults.corrupt = (chunk) => {
        const copy = Buffer.from(chunk);
        copy[5] = (copy[5] ?? 0) ^ 1;
        return copy;
      };
      const found = await client.get(id);
      let received = 0;
      const read = async (): Promise<void> => {
        for await (const chunk of found.body) received += chunk.length;
      };
      await assert.rejects(read(), failure('DATA_LOSS', 'CHECKSUM_MISMATCH'));
      assert.ok(received < size);
      await assert.rejects((await client.get(id)).bytes(), failure('DATA_LOSS'));
    });
  }

  it('does not take fewer bytes for all of them', async () => {
    const { server, client } = await fixture.start();
    await client.put(id, payload);
    server.faults.corrupt = (chunk) => chunk.subarray(1);
    await assert.rejects((await client.get(id)).bytes(), failure('DATA_LOSS'));
  });

  it('holds the server back when nobody reads', async () => {
    const { server, client } = await fixture.start();
    await client.put(id, bytesOf(40 * MiB));
    let sent = 0;
    server.faults.corrupt = (chunk) => {
      sent += chunk.length;
      return chunk;
    };
    const found = await client.get(id);
    const body = found.body[Symbol.asyncIterator]();
    await body.next();
    await client.put('photos:other', bytesOf(4 * MiB));
    assert.ok(sent < 10 * MiB, `${sent} bytes were sent`);
    found.cancel();
  });

  for (const how of ['leaving the loop', 'cancel', 'the signal'] as const) {
    it(`frees its call by ${how}`, async () => {
      const { server, client } = await fixture.start();
      await client.put(id, bytesOf(40 * MiB));
      const stop = new AbortController();
      const found = await client.get(id, { signal: stop.signal });
      const read = async (): Promise<void> => {
        for await (const chunk of found.body) {
          assert.ok(chunk.length > 0);
          if (how === 'leaving the loop') break;
          if (how === 'cancel') found.cancel();
          if (how === 'the signal') stop.abort();
        }
      };
      if (how === 'leaving the loop') await read();
      else await assert.rejects(read(), failure('CANCELLED'));
      await until(() => server.cancelled() > 0);
    });
  }

  it('frees its call by the signal also when nobody reads', async () => {
    const { server, client } = await fixture.start();
    await client.put(id, bytesOf(40 * MiB));
    const stop = new AbortController();
    await client.get(id, { signal: stop.signal });
    stop.abort();
    await until(() => server.cancelled() > 0);
  });

  it('is given up and taken up again when the server does not move', async () => {
    const { server, client } = await fixture.start({ limits: { stallMsMax: 200 } });
    await client.put(id, payload);
    let holds = 0;
    server.faults.hold = (method) => {
      if (method !== 'GetObject') return undefined;
      holds += 1;
      return holds < 3 ? new Promise(() => undefined) : undefined;
    };
    assert.deepEqual(Buffer.from(await (await client.get(id)).bytes()), payload);
    assert.equal(holds, 3);
  });

  it('ends at the deadline of the whole call', async () => {
    const { server, client } = await fixture.start();
    await client.put(id, payload);
    cutAfter(server, MiB, 1);
    server.faults.hold = () => (streams(server) > 1 ? new Promise(() => undefined) : undefined);
    const found = await client.get(id, { deadlineMs: 400 });
    await assert.rejects(collect(found.body), failure('DEADLINE_EXCEEDED'));
  });
});

function objectId() {
  return { usecase: 'photos', scopes: [{ name: 'org', value: '42' }], key: 'cat.jpg' };
}
