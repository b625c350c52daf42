import assert from 'node:assert/strict';
import { holdNext } from '../../support/engine/hold.js';
import { large, sampleBytes, small } from '../../support/engine/payloads.js';
import { idOf, useStore } from '../../support/engine/store-under-test.js';
import { openMemoryTiers } from '../../support/memory-tiers.js';
import { errorOf, openBatch } from './batch-call.js';
import { createCall, createRequests, until } from './fake-call.js';
import { getOf, headOf, putOf } from './operations.js';
import { chunks, finish, header, serve, type ServiceUnderTest } from './service-under-test.js';

const one = { seconds: 1n, nanos: 0 };

describe('Capacity', () => {
  const store = useStore(openMemoryTiers);

  /** Every put stands still until it is let go. */
  function holdPuts(): { readonly held: () => number; release(): void } {
    let held = 0;
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    store().highVolume.hook('putInline', {
      before: async () => {
        held += 1;
        await released;
      },
    });
    return { held: () => held, release };
  }

  function puts(count: number, from = 0): ReturnType<typeof putOf>[] {
    return Array.from({ length: count }, (_, n) => putOf(from + n, `key-${from + n}`, small()));
  }

  it('a batch runs its operations concurrently within a bulk share', async () => {
    const service = serve(store(), { admission: { inFlightMax: 10, bulkShare: 0.6 } });
    const { held, release } = holdPuts();
    const batch = openBatch(service);
    batch.send(...puts(9));
    await until(() => held() === 6);
    assert.deepEqual([service.admission.inFlight('bulk'), service.admission.queued()], [6, 1]);
    release();
    await batch.answered(9);
    assert(batch.results().every(({ outcome }) => outcome?.$case === 'put'));
    assert.equal(service.admission.inFlight(), 0);
  });

  it('a stream of single calls takes permits beyond the share of batches', async () => {
    const service = serve(store(), { admission: { inFlightMax: 10, bulkShare: 0.6 } });
    const { held, release } = holdPuts();
    const batch = openBatch(service, { 'holdfast-class': 'single' });
    batch.send(...puts(9));
    await until(() => held() === 9);
    assert.equal(service.admission.inFlight('single'), 9);
    release();
    await batch.answered(9);
  });

  it('at capacity an operation waits in a bounded queue, for a bounded time, then is refused AT_CAPACITY with a hint when to retry', async () => {
    const service = serve(store(), { admission: { inFlightMax: 2, bulkShare: 0.5 } });
    const { held, release } = holdPuts();
    const batch = openBatch(service);
    batch.send(...puts(5));
    await until(() => held() === 1);
    store().clock.advance(1_000);
    await batch.answered(4);
    for (const index of [1, 2, 3, 4]) {
      const error = errorOf(batch.resultOf(index));
      assert.deepEqual([error.reason, error.code], ['AT_CAPACITY', 8]);
      assert(error.retryAfterMs !== undefined && error.retryAfterMs > 0);
    }
    release();
    await batch.answered(5);
    assert.equal(batch.resultOf(0).outcome?.$case, 'put');
  });

  it('a batch refuses before reading when there is no room: AT_CAPACITY, at once', async () => {
    const admission = { inFlightMax: 2, bulkShare: 0.5, queueMax: 0 };
    const service = serve(store(), { admission });
    const { held, release } = holdPuts();
    const batch = openBatch(service);
    batch.send(...puts(3));
    // An index of 5, and a get that cannot be read, which nobody finds out.
    batch.requests.send(Buffer.from([0x0a, 0x06, 0x08, 0x05, 0x1a, 0x02, 0x0a, 0x7f]));
    await batch.answered(3);
    for (const index of [1, 2, 5]) {
      assert.equal(errorOf(batch.resultOf(index)).reason, 'AT_CAPACITY');
    }
    assert.equal(held(), 1);
    release();
    await batch.answered(4);
  });

  it('a single call at capacity is refused before its payload is read', async () => {
    const service = serve(store(), { admission: { inFlightMax: 1, queueMax: 0 } });
    const put = holdNext(store().highVolume, 'putInline');
    const first = createRequests(header('a'), finish(0));
    first.end();
    const putting = service.put(first.reader, createCall().context);
    await put.reached;
    const second = createRequests(header('b'), ...chunks(large()), finish(large().length));
    await assert.rejects(service.put(second.reader, createCall().context), {
      reason: 'AT_CAPACITY',
    });
    assert.equal(second.taken(), 1);
    put.release();
    await putting;
  });

  it('a freed permit is used by the next in line', async () => {
    const service = serve(store(), { admission: { inFlightMax: 1 } });
    const put = holdNext(store().highVolume, 'putInline');
    const first = createRequests(header('a'), finish(0));
    first.end();
    const putting = service.put(first.reader, createCall().context);
    await put.reached;
    const waiting = service.head(
      { objectId: { usecase: 'engine', scopes: [], key: 'x' } },
      createCall().context,
    );
    await until(() => service.admission.queued() === 1);
    put.release();
    await putting;
    await assert.rejects(waiting, { reason: 'OBJECT_NOT_FOUND' });
    assert.equal(service.admission.inFlight(), 0);
  });

  it('who gives up waiting for a permit leaves the line', async () => {
    const service = serve(store(), { admission: { inFlightMax: 1 } });
    const put = holdNext(store().highVolume, 'putInline');
    const first = createRequests(header('a'), finish(0));
    first.end();
    const putting = service.put(first.reader, createCall().context);
    await put.reached;
    const call = createCall();
    const gone = new Error('gone');
    const waiting = service.head(
      { objectId: { usecase: 'engine', scopes: [], key: 'x' } },
      call.context,
    );
    await until(() => service.admission.queued() === 1);
    call.abort(gone);
    await assert.rejects(waiting, gone);
    assert.equal(service.admission.queued(), 0);
    put.release();
    await putting;
  });

  it('a batch that ends takes its operation out of the line', async () => {
    const service = serve(store(), { admission: { inFlightMax: 1, bulkShare: 1 } });
    const { held, release } = holdPuts();
    const batch = openBatch(service);
    batch.send(...puts(3));
    await until(() => held() === 1);
    assert.equal(service.admission.queued(), 1);
    batch.requests.fail(new Error('gone'));
    await assert.rejects(batch.ended);
    assert.equal(service.admission.queued(), 0);
    release();
    await store().atRest();
    assert.equal(held(), 1, 'what had not begun does not begin');
    assert.deepEqual([service.admission.inFlight(), service.payloadBytes.used()], [0, 0]);
  });
});

describe('A batch keeps memory bounded', () => {
  const store = useStore(openMemoryTiers);

  it('reads no further message while 1,000 operations are unanswered', async () => {
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    store().highVolume.hook('readHead', { before: () => released });
    const batch = openBatch(serve(store()));
    batch.send(...heads(999));
    batch.send(...heads(1, 999));
    batch.send(...heads(1, 1_000));
    await until(() => batch.requests.taken() === 2);
    await turns(5);
    assert.equal(batch.requests.taken(), 2);
    release();
    await batch.answered(1_001);
    assert.equal(batch.requests.taken(), 3);
  });

  it('runs at most 256 at once', async () => {
    let running = 0;
    let most = 0;
    store().highVolume.hook('readHead', {
      before: async () => {
        running += 1;
        most = Math.max(most, running);
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
      },
    });
    const batch = openBatch(serve(store()));
    batch.send(...heads(1_000));
    await batch.answered(1_000);
    assert.equal(most, 256);
  });

  it('begins no get while payloads wait to be read by its caller', async () => {
    await store().store(idOf('a'), sampleBytes(100_000), {});
    let reads = 0;
    store().longTerm.hook('read', { before: () => void (reads += 1) });
    const service = serve(store(), { batch: { resultBytesMax: 300_000 } });
    const batch = openBatch(service);
    batch.responses.pause();
    batch.send(...Array.from({ length: 50 }, (_, index) => getOf(index, 'a')));
    await turns(50);
    assert(reads < 10, `it has read ${reads}`);
    assert(service.payloadBytes.used() >= 100_000);
    batch.responses.resume();
    await batch.answered(50);
    await until(() => service.payloadBytes.used() === 0);
  });

  it('counts a message with its length while operations of it run', async () => {
    const service = serve(store());
    const batch = openBatch(service);
    const put = holdNext(store().highVolume, 'putInline');
    batch.send(putOf(1, 'a', sampleBytes(900)), putOf(2, 'b', small()));
    await put.reached;
    await batch.answered(1);
    assert(service.payloadBytes.used() > 900);
    put.release();
    await batch.answered(2);
    await until(() => service.payloadBytes.used() === 0);
  });

  it('waits with a message for bytes that others hold', async () => {
    const service = serve(store(), { payloadBytesMax: 1_500 });
    const put = holdNext(store().highVolume, 'putInline');
    const first = openBatch(service);
    first.send(putOf(1, 'a', sampleBytes(1_000)));
    await put.reached;
    const second = openBatch(service);
    second.send(putOf(1, 'b', sampleBytes(1_000)));
    await until(() => service.payloadBytes.waiting() === 1);
    put.release();
    await second.answered(1);
    assert.equal(second.resultOf(1).outcome?.$case, 'put');
  });

  it('takes no message over the budget, although none of its own has been let go', async () => {
    const mebibyte = 1024 * 1024;
    const service = serve(store(), { payloadBytesMax: 4 * mebibyte });
    let most = 0;
    store().longTerm.hook('create', {
      before: async () => {
        await turns(20);
        most = Math.max(most, service.payloadBytes.used());
      },
    });
    const batch = openBatch(service);
    for (let n = 0; n < 20; n += 1) batch.send(putOf(n, `key-${n}`, sampleBytes(mebibyte)));
    await batch.answered(20);
    assert(batch.results().every(({ outcome }) => outcome?.$case === 'put'));
    assert(most > mebibyte && most <= 4 * mebibyte, `it held ${most}`);
    await until(() => service.payloadBytes.used() === 0);
  });

  it('gives back what its messages held once it has failed and nothing runs', async () => {
    const service = serve(store(), { payloadBytesMax: 1_500 });
    const put = holdNext(store().highVolume, 'putInline');
    const batch = openBatch(service);
    batch.send(putOf(1, 'a', sampleBytes(1_000)));
    await put.reached;
    batch.send(putOf(2, 'b', sampleBytes(1_000)));
    await until(() => service.payloadBytes.waiting() === 1);
    batch.responses.fail(new Error('gone'));
    put.release();
    await assert.rejects(batch.ended);
    await until(() => service.payloadBytes.used() === 0);
    assert.equal(service.payloadBytes.waiting(), 0);
  });

  function heads(count: number, from = 0): ReturnType<typeof headOf>[] {
    return Array.from({ length: count }, (_, n) => headOf(from + n, 'none'));
  }
});

describe('The timeout of an operation', () => {
  const store = useStore(openMemoryTiers);

  it('answers DEADLINE_EXCEEDED, and the write goes on, holding its permit until it ends', async () => {
    const service = serve(store());
    const batch = openBatch(service);
    const put = holdNext(store().highVolume, 'putInline');
    batch.send(putOf(1, 'a', small(), { timeout: one }), putOf(2, 'b', small()));
    await put.reached;
    await batch.answered(1);
    store().clock.advance(1_000);
    await batch.answered(2);
    assert.equal(errorOf(batch.resultOf(1)).code, 4);
    assert.equal(service.admission.inFlight(), 1);
    assert(service.payloadBytes.used() > 0);
    put.release();
    await until(() => service.admission.inFlight() === 0);
    await until(() => service.payloadBytes.used() === 0);
    assert.notEqual(await store().fetch(idOf('a')), undefined);
    batch.requests.end();
    await batch.ended;
    assert.equal(batch.results().length, 2, 'its later result is dropped');
  });

  it('counts an operation once, as overdue, however it ends later', async () => {
    const service = serve(store());
    const batch = openBatch(service);
    await store().store(idOf('b'), small());
    const puts = holdNext(store().highVolume, 'putInline');
    const heads = holdNext(store().highVolume, 'readHead');
    batch.send(putOf(1, 'a', small(), { timeout: one }), headOf(2, 'none', { timeout: one }));
    await Promise.all([puts.reached, heads.reached]);
    store().clock.advance(1_000);
    await batch.answered(2);
    assert.deepEqual(codes(service), [
      [4, false],
      [4, false],
    ]);
    assert.equal(service.spansEnded(), 0);
    puts.release();
    heads.release();
    await until(() => service.admission.inFlight() === 0);
    assert.deepEqual(service.successes, []);
    assert.equal(service.spansEnded(), 2);
    assert.deepEqual(codes(service).slice(2), [[5, true]]);
  });

  function codes({ failures }: ServiceUnderTest): readonly (readonly [number, boolean])[] {
    return failures.map(({ error, wasAnswered }) => [error.code, wasAnswered]);
  }

  it('is 30 seconds when it is not given', async () => {
    const batch = openBatch(serve(store()));
    const put = holdNext(store().highVolume, 'putInline');
    batch.send(putOf(1, 'a', small()));
    await put.reached;
    store().clock.advance(29_900);
    await turns(5);
    assert.deepEqual(batch.results(), []);
    store().clock.advance(250);
    await batch.answered(1);
    assert.equal(errorOf(batch.resultOf(1)).code, 4);
    put.release();
  });

  it('ends the waiting of one that has not begun, which then never begins', async () => {
    const admission = { inFlightMax: 1, bulkShare: 1, waitMsMax: 60_000 };
    const service = serve(store(), { admission });
    const batch = openBatch(service);
    const put = holdNext(store().highVolume, 'putInline');
    batch.send(putOf(1, 'a', small()), putOf(2, 'b', small(), { timeout: one }));
    await put.reached;
    store().clock.advance(1_000);
    await batch.answered(1);
    assert.equal(errorOf(batch.resultOf(2)).code, 4);
    put.release();
    await batch.answered(2);
    await turns(5);
    assert.equal(await store().fetch(idOf('b')), undefined);
    assert.deepEqual([service.admission.inFlight(), service.admission.queued()], [0, 0]);
    await until(() => service.payloadBytes.used() === 0);
  });

  it('lets go of the payload of a get whose result nobody waits for any more', async () => {
    await store().store(idOf('a'), large());
    const batch = openBatch(serve(store()));
    const read = holdNext(store().longTerm, 'read', 'after');
    batch.send(getOf(1, 'a', { timeout: one }));
    await read.reached;
    store().clock.advance(1_000);
    await batch.answered(1);
    read.release();
    await store().atRest();
    await until(() => store().tiers.longTerm.openReaders() === 0);
  });
});

async function turns(count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) await new Promise((resolve) => setImmediate(resolve));
}
