import type { Operation, OperationResult } from '@holdfast/client';
import assert from 'node:assert/strict';
import { bytesOf, collect, createClientFixture, failure, MiB } from '../support/client-fixture.js';

function puts(count: number): Operation[] {
  return Array.from({ length: count }, (_, at) => {
    return { kind: 'put', id: { usecase: 'many', key: String(at) }, body: String(at) } as const;
  });
}

function inOrder(results: readonly OperationResult[]): OperationResult[] {
  return results.toSorted((left, right) => left.index - right.index);
}

describe('many operations', () => {
  const fixture = createClientFixture();
  afterEach(() => fixture.close());

  it('answer with their place, each for itself', async () => {
    const { client } = await fixture.start();
    await client.put('many:there', 'there');
    const large = bytesOf(3 * MiB);
    const operations: Operation[] = [
      { kind: 'put', id: 'many:a', body: 'a' },
      { kind: 'get', id: 'many:there' },
      { kind: 'head', id: 'many:missing' },
      { kind: 'delete', id: 'many:missing' },
      { kind: 'put', id: 'many:large', body: large },
      { kind: 'head', id: 'no good' },
      { kind: 'put', id: 'many:there', body: 'b', options: { ifAbsent: true } },
    ];
    const results = inOrder(await collect(client.many(operations)));
    assert.deepEqual(
      results.map(({ index, kind, ok }) => [index, kind, ok]),
      [
        [0, 'put', true],
        [1, 'get', true],
        [2, 'head', false],
        [3, 'delete', true],
        [4, 'put', true],
        [5, 'head', false],
        [6, 'put', false],
      ],
    );
    const codes = results.map((result) =>
      result.ok ? '' : (result.error as { code: string }).code,
    );
    assert.equal(
      codes.join(' ').trim().replaceAll(/ +/g, ' '),
      'NOT_FOUND INVALID_ARGUMENT FAILED_PRECONDITION',
    );
    const [got] = await collect(client.many([{ kind: 'get', id: 'many:large' }]));
    assert.ok(got?.ok === true && got.kind === 'get');
    assert.deepEqual(Buffer.from(await got.value.bytes()), large);
  });

  it('hand out payloads that can be read on when the loop has ended', async () => {
    const { client } = await fixture.start();
    const large = bytesOf(3 * MiB);
    await client.put('many:large', large);
    const gets = Array.from({ length: 3 }, () => ({ kind: 'get', id: 'many:large' }) as const);
    const reads: Promise<Uint8Array>[] = [];
    for await (const result of client.many(gets)) {
      assert.ok(result.ok && result.kind === 'get');
      reads.push(result.value.bytes());
    }
    for (const bytes of await Promise.all(reads)) assert.deepEqual(Buffer.from(bytes), large);
  });

  it('come as they complete', async () => {
    const { server, client } = await fixture.start();
    let letGo = (): void => undefined;
    const slow = new Promise<void>((resolve) => (letGo = resolve));
    server.faults.hold = (method) => (method === 'batch head' ? slow : undefined);
    await client.put('many:a', 'a');
    const order: number[] = [];
    const operations = [{ kind: 'head', id: 'many:a' } as const, ...puts(5)];
    for await (const result of client.many(operations)) {
      order.push(result.index);
      if (order.length === 5) letGo();
    }
    assert.equal(order.at(-1), 0);
  });

  it('are under way within a bound, results that were not taken included', async () => {
    const { client } = await fixture.start();
    let taken = 0;
    function* operations(): Generator<Operation> {
      for (const operation of puts(100)) {
        taken += 1;
        yield operation;
      }
    }
    const results = client.many(operations(), { concurrency: 10 })[Symbol.asyncIterator]();
    await results.next();
    await client.put('many:other', 'x');
    await client.put('many:other', 'x');
    assert.ok(taken <= 11, `${taken} were taken`);
    let count = 1;
    while ((await results.next()).done !== true) count += 1;
    assert.equal(count, 100);
  });

  it('wait for those that come later, and hand out results meanwhile', async () => {
    const { client } = await fixture.start();
    let more = (): void => undefined;
    const wanted = new Promise<void>((resolve) => (more = resolve));
    async function* operations(): AsyncGenerator<Operation> {
      yield { kind: 'put', id: 'many:first', body: 'x' };
      await wanted;
      yield { kind: 'put', id: 'many:second', body: 'x' };
    }
    let count = 0;
    for await (const result of client.many(operations())) {
      assert.ok(result.ok);
      count += 1;
      more();
    }
    assert.equal(count, 2);
  });

  it('end with the error of what they come from, after the results of those before', async () => {
    const { client } = await fixture.start();
    async function* operations(): AsyncGenerator<Operation> {
      yield* puts(20);
      throw new RangeError('no more');
    }
    let count = 0;
    const run = async (): Promise<void> => {
      for await (const result of client.many(operations())) if (result.ok) count += 1;
    };
    await assert.rejects(run(), new RangeError('no more'));
    assert.equal(count, 20);
  });

  it('end at once when the signal aborts', async () => {
    const { server, client } = await fixture.start();
    const stop = new AbortController();
    server.faults.hold = () => {
      stop.abort();
      return new Promise(() => undefined);
    };
    const run = collect(client.many(puts(50), { signal: stop.signal }));
    await assert.rejects(run, failure('CANCELLED'));
    const late = collect(client.many(puts(1), { signal: stop.signal }));
    await assert.rejects(late, failure('CANCELLED'));
  });

  it('take no more when the loop is left, and close what they come from', async () => {
    const { client } = await fixture.start();
    let isClosed = false;
    let taken = 0;
    async function* operations(): AsyncGenerator<Operation> {
      try {
        for (const operation of puts(1_000)) {
          taken += 1;
          yield operation;
        }
      } finally {
        isClosed = true;
      }
    }
    for await (const result of client.many(operations(), { concurrency: 4 })) {
      assert.ok(result.ok);
      break;
    }
    await client.put('many:after', 'x');
    assert.ok(isClosed);
    assert.ok(taken <= 6);
  });

  it('travel in few messages', async () => {
    const { server, client } = await fixture.start();
    const results = await collect(client.many(puts(5_000), { concurrency: 1_000 }));
    assert.ok(results.every(({ ok }) => ok));
    assert.equal(server.map.size(), 5_000);
    assert.equal(server.metadata.length, 1);
  });

  it('refuse a bound that makes no sense', async () => {
    const { client } = await fixture.start();
    for (const concurrency of [0, 1.5, 20_000]) {
      const run = collect(client.many(puts(1), { concurrency }));
      await assert.rejects(run, failure('INVALID_ARGUMENT', 'INVALID_LIMIT'));
    }
  });
});
