import { blobNameOf, type Payload } from '@holdfast/domain';
import assert from 'node:assert/strict';
import { beforeNext } from './hold.js';
import { collect, discard, large, largeBytes, small } from './payloads.js';
import { arrange, assertReads, contents, unavailable } from './situations.js';
import { idOf, useStore, type OpenTiers } from './store-under-test.js';

const id = idOf('read');

export function describeReading(openTiers: OpenTiers): void {
  const store = useStore(openTiers);

  describe('a tombstone whose blob is missing', () => {
    beforeEach(async () => {
      const blob = await arrange(store(), id, 'large', 1);
      await store().tiers.longTerm.remove(blob ?? assert.fail());
    });

    it('reads as not found, after the row was read again', async () => {
      let reads = 0;
      store().highVolume.hook('read', { before: () => void (reads += 1) });
      assert.deepEqual(await store().engine.getObject({ id }), { kind: 'not-found' });
      assert.equal(reads, 2);
    });

    it('is reported once by each read', async () => {
      const row = await store().tiers.highVolume.readHead(id);
      assert(row.kind === 'tombstone');
      await store().engine.getObject({ id });
      const event = { kind: 'dangling-tombstone', id, blob: row.blob };
      assert.deepEqual(store().events, [event]);
      await store().engine.getObject({ id, range: { kind: 'suffix', length: 1 } });
      assert.deepEqual(store().events, [event, event]);
    });

    it('can be overwritten and deleted', async () => {
      await arrange(store(), id, 'large', 2);
      await assertReads(store(), id, 'large', 2);
      await store().cleanUp();
      await arrange(store(), id, 'nothing');
      await store().cleanUp();
      assert.deepEqual(await store().holdings(), { blobs: [], changes: [] });
    });
  });

  describe('a blob that goes between the row and its opening', () => {
    for (const content of contents) {
      it(`is followed to what replaced it: ${content}`, async () => {
        const old = await arrange(store(), id, 'large', 1);
        beforeNext(store().longTerm, 'read', async () => {
          await arrange(store(), id, content, 2);
          await store().tiers.longTerm.remove(old ?? assert.fail());
        });
        await assertReads(store(), id, content, 2);
        assert.deepEqual(store().events, []);
      });
    }

    it('is not looked for without end: the caller is told to try again', async () => {
      await arrange(store(), id, 'large', 1);
      let opened = 0;
      store().longTerm.hook('read', {
        before: async (blob) => {
          opened += 1;
          await arrange(store(), id, 'large', 1 + opened);
          await store().tiers.longTerm.remove(blob);
        },
      });
      await assert.rejects(store().engine.getObject({ id }), { code: 'TIER_UNAVAILABLE' });
      assert.equal(opened, 3);
      assert.deepEqual(store().events, []);
    });
  });

  describe('a download in progress', () => {
    it('finishes although the object was overwritten and cleaned since', async () => {
      const old = await arrange(store(), id, 'large', 1);
      const got = await store().engine.getObject({ id });
      assert(got.kind === 'found');
      await arrange(store(), id, 'large', 2);
      await store().atRest();
      assert((await store().holdings()).blobs.includes(old ?? assert.fail()));
      await store().cleanUp();
      assert.deepEqual(await collect(got.payload), Buffer.from(large(1)));
    });

    it('ends when its caller goes', async () => {
      await arrange(store(), id, 'large', 1);
      const caller = new AbortController();
      const got = await store().engine.getObject({ id, signal: caller.signal });
      assert(got.kind === 'found');
      caller.abort();
      await assert.rejects(collect(got.payload), { code: 'CANCELLED' });
    });

    it('does not begin when the long-term tier fails', async () => {
      await arrange(store(), id, 'large', 1);
      beforeNext(store().longTerm, 'read', () => {
        throw unavailable();
      });
      await assert.rejects(store().engine.getObject({ id }), { code: 'TIER_UNAVAILABLE' });
      await assertReads(store(), id, 'large', 1);
    });
  });

  describe('stored bytes that changed', () => {
    it('are never handed out from a row', async () => {
      await arrange(store(), id, 'small', 1);
      for (const payload of [flipped(small()), small().subarray(1)]) {
        const unhook = store().highVolume.hook('read', {
          instead: async (read) => {
            const row = await store().tiers.highVolume.read(read);
            return row.kind === 'inline' ? { ...row, payload } : row;
          },
        });
        await assert.rejects(store().engine.getObject({ id }), { code: 'CHECKSUM_MISMATCH' });
        const range = { kind: 'slice', first: 0, last: 0 } as const;
        await assert.rejects(store().engine.getObject({ id, range }), {
          code: 'CHECKSUM_MISMATCH',
        });
        unhook();
      }
      assert.deepEqual(
        new Set(store().events.map(({ kind }) => kind)),
        new Set(['damaged-object']),
      );
      await assertReads(store(), id, 'small', 1);
    });

    const damages = [
      { name: 'a flipped bit', bytes: flipped(large()), rightBytes: largeBytes - 1 },
      { name: 'a byte less', bytes: large().subarray(0, largeBytes - 1), rightBytes: largeBytes },
      // All that was written may get out, but not what comes after it, nor an end without an error.
      {
        name: 'a byte more',
        bytes: Buffer.concat([large(), new Uint8Array(1)]),
        rightBytes: largeBytes,
      },
    ];
    for (const { name, bytes, rightBytes } of damages) {
      it(`are never handed out to the end from a blob: ${name}`, async () => {
        await arrange(store(), id, 'large', 1);
        store().longTerm.hook('read', {
          instead: async (...asked) => {
            const read = await store().tiers.longTerm.read(...asked);
            if (read.kind === 'absent') return read;
            await discard(read.payload);
            return { ...read, payload: chunked(bytes) };
          },
        });
        const got = await store().engine.getObject({ id });
        assert(got.kind === 'found');
        let received = 0;
        const reading = (async () => {
          for await (const chunk of got.payload) received += chunk.length;
        })();
        await assert.rejects(reading, { code: 'CHECKSUM_MISMATCH' });
        assert(received <= rightBytes, `${received} bytes were handed out`);
        assert.deepEqual(
          store().events.map(({ kind }) => kind),
          ['damaged-object'],
        );
      });
    }

    it('are not even opened when the blob says that it is another one', async () => {
      const { revision } = await store().store(id, large(1));
      const other = await store().store(idOf('other'), large(2));
      store().longTerm.hook('read', {
        instead: (asked, ...how) => {
          assert.equal(asked, blobNameOf(id, revision));
          return store().tiers.longTerm.read(blobNameOf(idOf('other'), other.revision), ...how);
        },
      });
      await assert.rejects(store().engine.getObject({ id }), { code: 'CHECKSUM_MISMATCH' });
      const range = { kind: 'slice', first: 3 } as const;
      await assert.rejects(store().engine.getObject({ id, range }), { code: 'CHECKSUM_MISMATCH' });
    });
  });
}

function flipped(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte, at) => (at === 3 ? byte ^ 1 : byte));
}

async function* chunked(bytes: Uint8Array): Payload {
  for (let at = 0; at < bytes.length; at += 1_000) yield bytes.slice(at, at + 1_000);
}
