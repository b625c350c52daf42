import type { Payload } from '@holdfast/domain';
import assert from 'node:assert/strict';
import { beforeNext, createGate } from './hold.js';
import { large, never, small, sourceOf, thresholdBytes } from './payloads.js';
import { arrange, assertReads, presentOf } from './situations.js';
import { idOf, useStore, type OpenTiers } from './store-under-test.js';

const id = idOf('abandoned');
const gone = new Error('the connection is gone');

const places = [
  { where: 'before the threshold', sent: large().subarray(0, thresholdBytes - 10) },
  { where: 'in the middle of the upload', sent: large().subarray(0, 3_000) },
  { where: 'after the last byte, before the end', sent: large() },
] as const;

export function describeVanishingCallers(openTiers: OpenTiers): void {
  const store = useStore(openTiers);

  describe('a caller that vanishes before its payload ends', () => {
    for (const { where, sent } of places) {
      it(`leaves neither blob nor log entry when its source throws ${where}`, async () => {
        const old = await arrange(store(), id, 'large', 1);
        const source = sourceOf(sent, { afterwards: () => Promise.reject(gone) });
        await assert.rejects(store().put(id, sent, { payload: source.payload }), gone);
        await store().atRest();
        await assertReads(store(), id, 'large', 1);
        assert.deepEqual(await store().holdings(), { blobs: presentOf(old), changes: [] });
      });

      it(`leaves neither blob nor log entry when it aborts ${where}`, async () => {
        const old = await arrange(store(), id, 'large', 1);
        const hangs = createGate();
        const caller = new AbortController();
        const source = sourceOf(sent, {
          afterwards: () => {
            hangs.open();
            return never();
          },
        });
        const { payload } = source;
        const writing = store().put(id, sent, { payload, signal: caller.signal });
        await hangs.passed;
        caller.abort();
        await assert.rejects(writing, { code: 'CANCELLED' });
        assert.equal(source.ended(), true, 'the source is asked to end');
        await store().atRest();
        await assertReads(store(), id, 'large', 1);
        assert.deepEqual(await store().holdings(), { blobs: presentOf(old), changes: [] });
      });
    }

    it('touches nothing when it is gone before it began', async () => {
      let begun = 0;
      store().highVolume.hook('begin', { before: () => void (begun += 1) });
      const signal = AbortSignal.abort();
      await assert.rejects(store().put(id, large(), { signal }), { code: 'CANCELLED' });
      await assert.rejects(store().put(id, small(), { signal }), { code: 'CANCELLED' });
      assert.equal(begun, 0);
      await assertReads(store(), id, 'nothing');
    });

    it('is not waited for when its source does not end', async () => {
      await arrange(store(), id, 'small', 1);
      const caller = new AbortController();
      const { payload } = sourceOf(large());
      const source = payload[Symbol.asyncIterator]();
      const stuck: Payload = {
        [Symbol.asyncIterator]: () => ({ next: () => source.next(), return: never }),
      };
      beforeNext(store().highVolume, 'begin', () => caller.abort());
      const { signal } = caller;
      const condition = { kind: 'if-absent' } as const;
      const outcome = await store().put(id, large(), { payload: stuck, signal, condition });
      assert.equal(outcome.kind, 'precondition-failed');
    });

    it('begins no change below the threshold', async () => {
      let calls = 0;
      for (const method of ['begin', 'putInline'] as const) {
        store().highVolume.hook(method, { before: () => void (calls += 1) });
      }
      const source = sourceOf(small(), { afterwards: () => Promise.reject(gone) });
      await assert.rejects(store().put(id, small(), { payload: source.payload }), gone);
      assert.equal(calls, 0);
    });
  });

  describe('a caller that vanishes after its payload is complete', () => {
    it('does not stop a large put before its commit', async () => {
      const caller = new AbortController();
      beforeNext(store().highVolume, 'commit', () => caller.abort());
      await store().store(id, large(2), { signal: caller.signal });
      await store().atRest();
      await assertReads(store(), id, 'large', 2);
      assert.deepEqual((await store().holdings()).changes, []);
    });

    it('does not stop a large put while its upload is made durable', async () => {
      const caller = new AbortController();
      const { longTerm } = store().tiers;
      store().longTerm.hook('create', {
        instead: (name, metadata, payload) =>
          longTerm.create(name, metadata, thenAbort(payload, caller)),
      });
      await store().store(id, large(2), { signal: caller.signal });
      await assertReads(store(), id, 'large', 2);
    });

    for (const method of ['putInline', 'begin', 'commit'] as const) {
      it(`does not stop a small put at its ${method}`, async () => {
        await arrange(store(), id, 'large', 1);
        const caller = new AbortController();
        beforeNext(store().highVolume, method, () => caller.abort());
        await store().store(id, small(2), { signal: caller.signal });
        await assertReads(store(), id, 'small', 2);
      });
    }
  });
}

/** The same chunks; `caller` goes once all of them have arrived. */
async function* thenAbort(payload: Payload, caller: AbortController): Payload {
  yield* payload;
  caller.abort();
}
