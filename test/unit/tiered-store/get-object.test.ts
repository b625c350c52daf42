import type { object } from '@holdfast/contracts';
import { parseDownloadMessage } from '@holdfast/rpc';
import assert from 'node:assert/strict';
import { failNext, holdNext } from '../../support/engine/hold.js';
import { sampleBytes, small } from '../../support/engine/payloads.js';
import { unavailable } from '../../support/engine/situations.js';
import { idOf, plainMetadata, useStore } from '../../support/engine/store-under-test.js';
import { openMemoryTiers } from '../../support/memory-tiers.js';
import { createCall, createResponses, until } from './fake-call.js';
import { isFault } from './faults.js';
import { messageId, serve } from './service-under-test.js';

const id = idOf('download');
const chunkBytesMax = 256 * 1024;
const bytes = sampleBytes(3 * chunkBytesMax + 10);

describe('GetObject', () => {
  const store = useStore(openMemoryTiers);

  function ask(more: Partial<object.GetObjectRequest> = {}): object.GetObjectRequest {
    return { objectId: messageId('download'), range: undefined, ...more };
  }

  function openReaders(): number {
    return store().tiers.longTerm.openReaders();
  }

  interface Download {
    readonly header: object.GetObjectHeader;
    readonly chunks: readonly Uint8Array[];
  }

  function received(messages: readonly Buffer[]): Download {
    const [first, ...rest] = messages.map((message) => parseDownloadMessage(message));
    assert(first?.kind === 'header');
    const chunks = rest.map((message) => {
      assert(message.kind === 'chunk');
      return message.bytes;
    });
    return { header: first.header, chunks };
  }

  it('sends a header and then the payload, in chunks of at most 256 KiB, none of them empty', async () => {
    const { revision, crc32c } = await store().store(id, bytes);
    const responses = createResponses();
    await serve(store()).get(ask(), responses.writer, createCall().context);
    const { header, chunks } = received(responses.messages);
    assert.deepEqual(header.object?.objectId, messageId('download'));
    assert.equal(header.object.revision, revision);
    assert.equal(header.object.crc32c, crc32c);
    assert.deepEqual(header.span, { offset: 0n, length: BigInt(bytes.length) });
    assert.deepEqual(Buffer.concat(chunks), Buffer.from(bytes));
    assert(chunks.every(({ length }) => length > 0 && length <= chunkBytesMax));
    assert.equal(openReaders(), 0);
  });

  it('splits a payload that the storage hands out in one piece', async () => {
    // One that is inline with the threshold of a real store.
    const engine = store().anotherEngine({ inlineThresholdBytes: 1024 * 1024 });
    const payload = (async function* () {
      yield bytes;
    })();
    await engine.putObject({ id, metadata: plainMetadata, payload });
    const responses = createResponses();
    await serve(store()).get(ask(), responses.writer, createCall().context);
    const { chunks } = received(responses.messages);
    assert.deepEqual(
      chunks.map(({ length }) => length),
      [chunkBytesMax, chunkBytesMax, chunkBytesMax, 10],
    );
  });

  it('sends only a header of an empty object', async () => {
    await store().store(id, new Uint8Array(0));
    const responses = createResponses();
    await serve(store()).get(ask(), responses.writer, createCall().context);
    const { header, chunks } = received(responses.messages);
    assert.deepEqual([header.span, chunks], [{ offset: 0n, length: 0n }, []]);
  });

  const ranges: readonly (readonly [string, object.ByteRange, number, number])[] = [
    ['a slice', { start: { $case: 'first', value: 10n }, last: 19n }, 10, 10],
    ['an open slice', { start: { $case: 'first', value: 100n } }, 100, bytes.length - 100],
    ['a suffix', { start: { $case: 'suffix', value: 5n } }, bytes.length - 5, 5],
    [
      'a suffix beyond all numbers',
      { start: { $case: 'suffix', value: 2n ** 63n } },
      0,
      bytes.length,
    ],
    [
      'a last byte beyond all numbers',
      { start: { $case: 'first', value: 7n }, last: 2n ** 64n - 1n },
      7,
      bytes.length - 7,
    ],
  ];
  for (const [name, range, offset, length] of ranges) {
    it(`sends ${name}, and says which bytes these are`, async () => {
      await store().store(id, bytes);
      const responses = createResponses();
      await serve(store()).get(ask({ range }), responses.writer, createCall().context);
      const { header, chunks } = received(responses.messages);
      assert.deepEqual(header.span, { offset: BigInt(offset), length: BigInt(length) });
      assert.equal(header.object?.size, BigInt(bytes.length));
      const wanted = Buffer.from(bytes.subarray(offset, offset + length));
      assert.deepEqual(Buffer.concat(chunks), wanted);
    });
  }

  it('answers OUT_OF_RANGE with the size for a range beyond everything', async () => {
    await store().store(id, small());
    for (const value of [BigInt(small().length), 2n ** 53n + 1n, 2n ** 64n - 1n]) {
      const asked = ask({ range: { start: { $case: 'first', value } } });
      const getting = serve(store()).get(asked, createResponses().writer, createCall().context);
      await assert.rejects(getting, {
        code: 'RANGE_NOT_SATISFIABLE',
        detail: { code: 'RANGE_NOT_SATISFIABLE', size: small().length },
      });
    }
  });

  it('answers OBJECT_NOT_FOUND for what is not there', async () => {
    const getting = serve(store()).get(ask(), createResponses().writer, createCall().context);
    await assert.rejects(getting, { reason: 'OBJECT_NOT_FOUND', code: 5 });
  });

  it('answers only the revision asked for', async () => {
    const { revision } = await store().store(id, small());
    const service = serve(store());
    const right = createResponses();
    await service.get(ask({ ifRevision: revision }), right.writer, createCall().context);
    assert.equal(received(right.messages).header.object?.revision, revision);
    const ifRevision = '01890000-0000-7000-8000-000000000000';
    const getting = service.get(ask({ ifRevision }), right.writer, createCall().context);
    await assert.rejects(getting, { reason: 'REVISION_MISMATCH', info: { revision } });
    const wrong = service.get(ask({ ifRevision: 'x' }), right.writer, createCall().context);
    await assert.rejects(wrong, isFault('INVALID_CONDITION', 'if_revision'));
  });

  it('the permit of a download is held until its last byte', async () => {
    await store().store(id, bytes);
    const service = serve(store());
    const responses = createResponses();
    responses.pause();
    const getting = service.get(ask(), responses.writer, createCall().context);
    await until(() => responses.messages.length > 0);
    assert.equal(service.admission.inFlight(), 1);
    assert.equal(responses.messages.length, 1, 'it reads no faster than its caller');
    responses.resume();
    await getting;
    assert.equal(service.admission.inFlight(), 0);
  });

  it('ends, and lets go of the blob and its permit, when a write rejects', async () => {
    await store().store(id, bytes);
    const service = serve(store());
    const responses = createResponses();
    responses.pause();
    const getting = service.get(ask(), responses.writer, createCall().context);
    await until(() => responses.messages.length > 0);
    assert.equal(openReaders(), 1);
    const gone = new Error('the call is over');
    responses.fail(gone);
    await assert.rejects(getting, gone);
    assert.deepEqual([openReaders(), service.admission.inFlight()], [0, 0]);
  });

  it('lets go of the blob when its caller goes away while it is being opened', async () => {
    await store().store(id, bytes);
    const service = serve(store());
    const call = createCall();
    const read = holdNext(store().longTerm, 'read', 'after');
    const responses = createResponses();
    responses.fail(new Error('the call is over'));
    const getting = service.get(ask(), responses.writer, call.context);
    await read.reached;
    call.abort();
    read.release();
    await assert.rejects(getting);
    assert.deepEqual([openReaders(), service.admission.inFlight()], [0, 0]);
  });

  it('ends before the last chunk when the stored bytes are damaged', async () => {
    await store().store(id, bytes);
    const [blob] = (await store().holdings()).blobs;
    store().tiers.longTerm.damage(blob ?? assert.fail(), bytes.length - 1);
    const responses = createResponses();
    const getting = serve(store()).get(ask(), responses.writer, createCall().context);
    await assert.rejects(getting, { code: 'CHECKSUM_MISMATCH' });
    const { chunks } = received(responses.messages);
    assert(Buffer.concat(chunks).length < bytes.length);
    assert.equal(openReaders(), 0);
  });

  it('a fault in one operation does not touch another; its permit is released', async () => {
    await store().store(id, small());
    const service = serve(store());
    failNext(store().highVolume, 'read', unavailable());
    const failing = service.get(ask(), createResponses().writer, createCall().context);
    await assert.rejects(failing, { code: 'TIER_UNAVAILABLE' });
    const responses = createResponses();
    await service.get(ask(), responses.writer, createCall().context);
    assert.deepEqual(Buffer.concat(received(responses.messages).chunks), Buffer.from(small()));
    assert.equal(service.admission.inFlight(), 0);
  });
});
