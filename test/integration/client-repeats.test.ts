import { status } from '@grpc/grpc-js';
import { HoldfastError, type Client, type OperationResult } from '@holdfast/client';
import { reasonError, rpcError, type RpcError } from '@holdfast/rpc';
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { bytesOf, collect, createClientFixture, failure, MiB } from '../support/client-fixture.js';
import type { ServedMethod, ServerFaults } from '../support/object-server.js';

const unavailable = (): RpcError => rpcError(status.UNAVAILABLE, undefined, 'try later');
const nothingDone = (): RpcError => reasonError('TIER_UNAVAILABLE', 'nothing was done');

/** Fails the first so many calls of a method. */
function firstCalls(
  method: ServedMethod,
  times: number,
  error: () => RpcError,
): ServerFaults['refuse'] {
  let left = times;
  return (called) => {
    if (called !== method || left === 0) return undefined;
    left -= 1;
    return error();
  };
}

/** Loses the first so many replies of a method. */
function firstReplies(method: ServedMethod, times: number): ServerFaults['loseReply'] {
  let left = times;
  return (called) => {
    if (called !== method || left === 0) return false;
    left -= 1;
    return true;
  };
}

describe('a client whose calls fail', () => {
  const fixture = createClientFixture();
  afterEach(() => fixture.close());

  const calls: Record<string, readonly [ServedMethod, (client: Client) => Promise<unknown>]> = {
    'a small put': ['batch put', (client) => client.put('photos:new', 'x')],
    'an upload': ['PutObject', (client) => client.put('photos:new', bytesOf(MiB))],
    'a get': ['batch get', (client) => client.get('photos:small')],
    'a download': ['GetObject', async (client) => (await client.get('photos:large')).bytes()],
    'a head': ['batch head', (client) => client.head('photos:small')],
    'a delete': ['batch delete', (client) => client.delete('photos:small')],
    'a list': ['ListObjects', (client) => collect(client.list('photos'))],
  };
  for (const [name, [method, call]] of Object.entries(calls)) {
    it(`repeats ${name} until it succeeds`, async () => {
      const { server, client } = await fixture.start();
      await client.put('photos:small', 'small');
      await client.put('photos:large', bytesOf(2 * MiB));
      server.served.length = 0;
      server.faults.refuse = firstCalls(method, 3, nothingDone);
      await call(client);
      assert.equal(server.served.filter((served) => served === method).length, 4);
    });

    it(`repeats ${name} whose reply is lost`, async () => {
      const { server, client } = await fixture.start();
      await client.put('photos:small', 'small');
      await client.put('photos:large', bytesOf(2 * MiB));
      server.faults.loseReply = firstReplies(method, 2);
      await call(client);
    });

    it(`gives ${name} up after so many attempts`, async () => {
      const { server, client } = await fixture.start({ limits: { attemptsMax: 3 } });
      await client.put('photos:small', 'small');
      await client.put('photos:large', bytesOf(2 * MiB));
      server.served.length = 0;
      server.faults.refuse = firstCalls(method, Infinity, nothingDone);
      await assert.rejects(call(client), failure('UNAVAILABLE', 'TIER_UNAVAILABLE'));
      assert.equal(server.served.filter((served) => served === method).length, 3);
    });
  }

  it('does not repeat what would fail again', async () => {
    const { server, client } = await fixture.start();
    const errors = {
      PERMISSION_DENIED: reasonError('KILLSWITCHED', 'switched off'),
      RESOURCE_EXHAUSTED: reasonError('STORAGE_FULL', 'full'),
      INTERNAL: rpcError(status.INTERNAL, undefined, 'a fault'),
    };
    for (const [code, error] of Object.entries(errors)) {
      server.served.length = 0;
      server.faults.refuse = () => error;
      await assert.rejects(client.put('photos:a', 'a'), failure(code));
      assert.equal(server.served.length, 1);
    }
  });

  it('comes back when the server asks it to, not before', async () => {
    const { server, client } = await fixture.start();
    const full = reasonError('AT_CAPACITY', 'at capacity', { retryAfterMs: 300 });
    server.faults.refuse = firstCalls('batch put', 1, () => full);
    const startedAt = performance.now();
    await client.put('photos:a', 'a');
    assert.ok(performance.now() - startedAt >= 295);
  });

  it('does not go on after the deadline of the whole call', async () => {
    const { server, client } = await fixture.start({ limits: { attemptsMax: 1_000 } });
    server.faults.refuse = nothingDone;
    for (const payload of ['small', bytesOf(MiB)]) {
      const options = { deadlineMs: 400 };
      const put = client.put('photos:a', payload, options);
      // The deadline comes before an attempt or, on a slow machine, within one.
      await assert.rejects(put, (error) => {
        assert.ok(error instanceof HoldfastError);
        return error.code === 'UNAVAILABLE' || error.code === 'DEADLINE_EXCEEDED';
      });
    }
  });

  it('gives up at the deadline where the server does not answer at all', async () => {
    const { server, client } = await fixture.start();
    await client.put('photos:large', bytesOf(2 * MiB));
    server.faults.hold = () => new Promise(() => undefined);
    const options = { deadlineMs: 300 };
    const late = failure('DEADLINE_EXCEEDED');
    await assert.rejects(client.put('photos:a', 'a', options), late);
    await assert.rejects(client.put('photos:a', bytesOf(MiB), options), late);
    await assert.rejects(client.head('photos:large', options), late);
    await assert.rejects(collect(client.list('photos', options)), late);
  });

  it('ends a call when its signal aborts, and says why', async () => {
    const { server, client } = await fixture.start();
    let held = 0;
    const endless: ((signal: AbortSignal) => Promise<unknown>)[] = [
      (signal) => client.put('photos:a', 'a', { signal }),
      (signal) => client.put('photos:a', bytesOf(MiB), { signal }),
      (signal) => client.get('photos:a', { signal }),
      (signal) => collect(client.list('photos', { signal })),
    ];
    for (const call of endless) {
      const stop = new AbortController();
      server.faults.hold = () => {
        held += 1;
        stop.abort(new Error('enough'));
        return new Promise(() => undefined);
      };
      await assert.rejects(call(stop.signal), (error) => {
        assert.ok(failure('CANCELLED')(error));
        return true;
      });
    }
    assert.equal(held, endless.length);
    const aborted = AbortSignal.abort();
    await assert.rejects(client.head('photos:a', { signal: aborted }), failure('CANCELLED'));
  });

  it('ends a pause between attempts when the signal aborts, and when the client is closed', async () => {
    for (const end of ['abort', 'close'] as const) {
      const limits = { retryDelayMs: 60_000, retryDelayMsMax: 60_000 };
      const { server, client } = await fixture.start({ limits });
      const stop = new AbortController();
      server.faults.refuse = () => {
        setImmediate(() => (end === 'abort' ? stop.abort() : void client.close(0)));
        return nothingDone();
      };
      const put = client.put('photos:a', bytesOf(MiB), { signal: stop.signal });
      await assert.rejects(put, failure(end === 'abort' ? 'CANCELLED' : 'UNAVAILABLE'));
    }
  });

  it('cannot send a stream again that it has begun to read, and says what went wrong', async () => {
    const { server, client } = await fixture.start();
    let refusals = 0;
    server.faults.refuseUpload = (received) => {
      if (received < MiB) return undefined;
      refusals += 1;
      return nothingDone();
    };
    const payload = Readable.from(Array.from({ length: 20 }, () => bytesOf(MiB / 4)));
    const put = client.put('photos:a', payload);
    await assert.rejects(put, failure('UNAVAILABLE', 'TIER_UNAVAILABLE'));
    assert.equal(refusals, 1);
    assert.ok(payload.destroyed);
    assert.equal(server.map.size(), 0);
  });

  it('does not begin to read a stream before there is a server', async () => {
    const { server, client } = await fixture.start();
    await server.stop();
    let pulled = 0;
    async function* chunks(): AsyncGenerator<Uint8Array> {
      for (; pulled < 20; pulled += 1) yield bytesOf(MiB / 4);
    }
    const put = client.put('photos:a', chunks());
    await assert.rejects(client.head('photos:a', { deadlineMs: 500 }), failure('UNAVAILABLE'));
    assert.ok(pulled <= 3);
    await fixture.restart(server);
    await put;
    assert.equal((await client.head('photos:a')).size, 5 * MiB);
  });

  it('passes the error of a stream on as it is, and stores nothing', async () => {
    const { server, client } = await fixture.start();
    for (const count of [1, 12]) {
      async function* broken(): AsyncGenerator<Uint8Array> {
        for (let at = 0; at < count; at += 1) yield bytesOf(MiB / 4);
        throw new RangeError('the disk is gone');
      }
      await assert.rejects(client.put('photos:a', broken()), new RangeError('the disk is gone'));
    }
    assert.equal(server.map.size(), 0);
  });

  it('does not wait for a stream that is stuck when the call is over', async () => {
    const { server, client } = await fixture.start();
    for (const given of [0, 12]) {
      async function* stuck(): AsyncGenerator<Uint8Array> {
        for (let at = 0; at < given; at += 1) yield bytesOf(MiB / 4);
        await new Promise(() => undefined);
      }
      const put = client.put('photos:a', stuck(), { deadlineMs: 300 });
      await assert.rejects(put, failure('DEADLINE_EXCEEDED'));
    }
    assert.equal(server.map.size(), 0);
  });

  it('gives an upload up that does not move, and makes another one', async () => {
    const { server, client } = await fixture.start({ limits: { stallMsMax: 200 } });
    let held = 0;
    server.faults.hold = (method) => {
      if (method !== 'PutObject') return undefined;
      held += 1;
      return held < 3 ? new Promise(() => undefined) : undefined;
    };
    await client.put('photos:a', bytesOf(10 * MiB));
    assert.equal(held, 3);
    assert.equal((await client.head('photos:a')).size, 10 * MiB);
  });

  it('ends an upload as soon as the server refuses it', async () => {
    const { server, client } = await fixture.start();
    server.faults.refuseUpload = (received) =>
      received < MiB ? undefined : reasonError('KILLSWITCHED', 'switched off');
    let pulled = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) {
        pulled += 1;
        yield bytesOf(MiB / 4);
      }
    }
    await assert.rejects(client.put('photos:a', endless()), failure('PERMISSION_DENIED'));
    assert.ok(pulled < 100);
  });

  describe('with a condition, after a reply was lost', () => {
    it('repeats a put whose condition still holds', async () => {
      const { server, client } = await fixture.start();
      server.faults.refuse = firstCalls('batch put', 2, unavailable);
      await client.put('photos:a', 'a', { ifAbsent: true });
      assert.equal(await (await client.get('photos:a')).text(), 'a');
      const { revision } = await client.head('photos:a');
      server.faults.refuse = firstCalls('PutObject', 1, unavailable);
      await client.put('photos:a', bytesOf(MiB), { ifRevision: revision });
    });

    for (const payload of ['small', bytesOf(MiB)]) {
      it(`never takes its own success for a failed condition: ${payload.length} bytes`, async () => {
        const { server, client } = await fixture.start();
        const method = payload.length < MiB ? 'batch put' : 'PutObject';
        server.faults.loseReply = firstReplies(method, 1);
        const put = client.put('photos:a', payload, { ifAbsent: true });
        await assert.rejects(put, (error) => {
          assert.ok(failure('UNAVAILABLE', 'OUTCOME_UNKNOWN')(error));
          const { info } = error as { info: Record<string, string> };
          assert.match(info['revision'] ?? '', /^[0-9a-f-]{36}$/);
          return true;
        });
      });
    }

    it('does not promise that nothing was done when it is not known', async () => {
      const { server, client } = await fixture.start({ limits: { attemptsMax: 3 } });
      let puts = 0;
      server.faults.refuse = (method) => {
        if (method !== 'batch put') return undefined;
        puts += 1;
        return puts === 1 ? unavailable() : nothingDone();
      };
      const put = client.put('photos:a', 'a');
      await assert.rejects(put, failure('UNAVAILABLE', 'OUTCOME_UNKNOWN'));
    });
  });

  it('makes one object of a put without a key, however often it is sent', async () => {
    const { server, client } = await fixture.start();
    server.faults.loseReply = firstReplies('batch put', 3);
    const { id } = await client.put({ usecase: 'photos' }, 'a');
    const listed = await collect(client.list('photos'));
    assert.deepEqual(
      listed.map((info) => info.id),
      [id],
    );
  });

  it('fails no operation when the server restarts under load', async () => {
    const { server, client } = await fixture.start();
    const payloads = new Map<string, Buffer>();
    const settled: Promise<unknown>[] = [];
    let results: OperationResult[] = [];
    const large = bytesOf(2 * MiB);
    await client.put('photos:large', large);

    const load = async (): Promise<void> => {
      const operations = Array.from({ length: 3_000 }, (_, at) => {
        const body = bytesOf(100 + at);
        payloads.set(`small/${at}`, body);
        return { kind: 'put', id: { usecase: 'photos', key: `small/${at}` }, body } as const;
      });
      results = await collect(client.many(operations));
    };
    settled.push(load());
    for (let at = 0; at < 10; at += 1) {
      const body = bytesOf(2 * MiB);
      payloads.set(`large/${at}`, body);
      settled.push(client.put({ usecase: 'photos', key: `large/${at}` }, body));
      settled.push(
        (async () => {
          const found = await client.get('photos:large');
          assert.deepEqual(Buffer.from(await found.bytes()), large);
        })(),
      );
    }
    let current = server;
    for (let restart = 1; restart <= 3; restart += 1) {
      const enough = restart * 300;
      while (current.map.size() < enough) await new Promise((resolve) => setImmediate(resolve));
      await current.stop();
      current = await fixture.restart(current);
    }
    await Promise.all(settled);
    assert.deepEqual(
      results.filter((result) => !result.ok),
      [],
    );
    for (const [key, payload] of payloads) {
      const found = await client.get({ usecase: 'photos', key });
      assert.deepEqual(Buffer.from(await found.bytes()), payload);
    }
  });

  it('does not hammer a server that is down', async () => {
    const limits = { retryBurstMax: 20, retriesPerSecond: 20, attemptsMax: 1_000 };
    const { server, client } = await fixture.start({ limits });
    server.faults.refuse = nothingDone;
    const operations = Array.from({ length: 200 }, (_, at) => {
      const options = { deadlineMs: 1_000 };
      return { kind: 'head', id: `photos:${at}`, options } as const;
    });
    const results = await collect(client.many(operations));
    assert.ok(results.every((result) => !result.ok));
    const repeats = server.served.length - operations.length;
    assert.ok(repeats >= 20 && repeats <= 60, `${repeats} repeats`);
  });
});
