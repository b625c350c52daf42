import assert from 'node:assert/strict';
import { collect, large, largeBytes, small } from '../../support/engine/payloads.js';
import { idOf, useStore } from '../../support/engine/store-under-test.js';
import { openMemoryTiers } from '../../support/memory-tiers.js';

const id = idOf('bounded');
const tti = { kind: 'tti', ms: 60_000 } as const;

describe('A get with a bound for its payload', () => {
  const store = useStore(openMemoryTiers);

  it('only describes a larger object, and opens nothing for it', async () => {
    const metadata = await store().store(id, large());
    let opened = 0;
    store().longTerm.hook('read', { before: () => void (opened += 1) });
    const got = await store().engine.getObject({ id, payloadBytesMax: largeBytes - 1 });
    const span = { offset: 0, length: largeBytes };
    assert.deepEqual(got, { kind: 'too-large', metadata, span });
    assert.equal(opened, 0);
  });

  it('only describes a larger object that is inline, too', async () => {
    const metadata = await store().store(id, small());
    const span = { offset: 0, length: small().length };
    const got = await store().engine.getObject({ id, payloadBytesMax: small().length - 1 });
    assert.deepEqual(got, { kind: 'too-large', metadata, span });
  });

  it('answers one that is as large, and a range of a larger one that is', async () => {
    await store().store(id, large());
    const whole = await store().engine.getObject({ id, payloadBytesMax: largeBytes });
    assert(whole.kind === 'found');
    assert.deepEqual(Buffer.from(await collect(whole.payload)), Buffer.from(large()));
    const range = { kind: 'suffix', length: 10 } as const;
    const part = await store().engine.getObject({ id, range, payloadBytesMax: 10 });
    assert(part.kind === 'found');
    assert.deepEqual(Buffer.from(await collect(part.payload)), Buffer.from(large().slice(-10)));
  });

  it('says of a range, too, that it is larger, and which bytes these are', async () => {
    await store().store(id, large());
    const range = { kind: 'slice', first: 5, last: 104 } as const;
    const got = await store().engine.getObject({ id, range, payloadBytesMax: 99 });
    assert(got.kind === 'too-large');
    assert.deepEqual(got.span, { offset: 5, length: 100 });
  });

  it('does not count as a read when it only describes', async () => {
    const metadata = { contentType: 'a/b', expiration: tti, custom: new Map<string, string>() };
    const { timeExpires } = await store().store(id, large(), { metadata });
    store().clock.advance(tti.ms / 2);
    await store().engine.getObject({ id, payloadBytesMax: 1 });
    await store().atRest();
    const row = await store().tiers.highVolume.readHead(id);
    assert(row.kind === 'tombstone');
    assert.equal(row.metadata.timeExpires, timeExpires);
  });

  it('checks the revision and the existence first', async () => {
    const { revision } = await store().store(id, large());
    const ifRevision = (await store().store(id, large(2))).revision;
    const stale = await store().engine.getObject({ id, ifRevision: revision, payloadBytesMax: 1 });
    assert.equal(stale.kind, 'precondition-failed');
    const current = await store().engine.getObject({ id, ifRevision, payloadBytesMax: 1 });
    assert.equal(current.kind, 'too-large');
    const none = await store().engine.getObject({ id: idOf('none'), payloadBytesMax: 1 });
    assert.equal(none.kind, 'not-found');
  });
});

describe('A get of an inline object', () => {
  const store = useStore(openMemoryTiers);

  it('has its bytes at hand, the same as its payload', async () => {
    await store().store(id, small());
    const got = await store().engine.getObject({ id });
    assert(got.kind === 'found');
    assert.deepEqual(Buffer.from(got.bytes ?? assert.fail()), Buffer.from(small()));
    assert.deepEqual(Buffer.from(await collect(got.payload)), Buffer.from(small()));
    const range = { kind: 'slice', first: 1, last: 2 } as const;
    const part = await store().engine.getObject({ id, range });
    assert(part.kind === 'found');
    assert.deepEqual(Buffer.from(part.bytes ?? assert.fail()), Buffer.from(small().slice(1, 3)));
  });

  it('has none at hand of a large one', async () => {
    await store().store(id, large());
    const got = await store().engine.getObject({ id });
    assert(got.kind === 'found');
    assert.equal(got.bytes, undefined);
    await got.payload[Symbol.asyncIterator]().return?.();
  });
});
