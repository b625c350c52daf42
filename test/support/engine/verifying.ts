import { DomainError, limits, type VerifyObjectsOutcome } from '@holdfast/domain';
import assert from 'node:assert/strict';
import { beforeNext, createGate, failNext } from './hold.js';
import { large, largeBytes, sampleBytes, small } from './payloads.js';
import { arrange, unavailable } from './situations.js';
import { expiringAfter, idOf, useStore, type OpenTiers } from './store-under-test.js';

const smallBytes = small().length;
/** Several chunks of every tier. */
const hugeBytes = 1_000_000;
const usecase = 'engine';
const wide = { bytesMax: 1_000_000_000, timeMsMax: 10_000 };

export function describeVerifying(openTiers: OpenTiers): void {
  const store = useStore(openTiers);

  /** All steps of one round. */
  async function verifyAll(
    bounds: { bytesMax?: number; timeMsMax?: number; pageSize?: number } = {},
  ): Promise<VerifyObjectsOutcome[]> {
    const steps: VerifyObjectsOutcome[] = [];
    let pageToken: string | undefined;
    do {
      const step = await store().engine.verifyObjects({ ...wide, ...bounds, pageToken });
      steps.push(step);
      assert(steps.length < 1_000, 'every step comes further');
      pageToken = step.nextPageToken;
    } while (pageToken !== undefined);
    return steps;
  }

  async function verifyOnce(): Promise<VerifyObjectsOutcome> {
    const [step, ...others] = await verifyAll();
    assert(step !== undefined && others.length === 0);
    return step;
  }

  describe('verifying', () => {
    it('compares every live object, and changes nothing', async () => {
      await store().store(idOf('a'), large(), {
        metadata: { ...expiringAfter(1_000).metadata, expiration: { kind: 'tti', ms: 60_000 } },
      });
      await store().store(idOf('b'), small());
      await store().store(idOf('c'), new Uint8Array());
      await store().store(idOf('d'), small(), expiringAfter(1_000));
      await store().atRest();
      store().clock.advance(50_000);
      const before = await store().tiers.highVolume.readHead(idOf('a'));
      assert.deepEqual(await verifyOnce(), {
        verified: 3,
        verifiedBytes: largeBytes + smallBytes,
        damage: [],
        undecided: [],
        counts: [{ usecase, examined: 3, removed: 0, freedBytes: 0 }],
        nextPageToken: undefined,
      });
      await store().atRest();
      assert.deepEqual(await store().tiers.highVolume.readHead(idOf('a')), before);
      assert.deepEqual(store().events, []);
    });

    it('goes on within a payload that has more bytes than a step may read', async () => {
      await store().store(idOf('huge'), sampleBytes(hugeBytes, 1));
      await store().store(idOf('small'), small());
      for (const bytesMax of [100_000, 333_333, 500_000, hugeBytes, hugeBytes + smallBytes]) {
        const steps = await verifyAll({ bytesMax });
        const sum = (of: (step: VerifyObjectsOutcome) => number): number =>
          steps.reduce((total, step) => total + of(step), 0);
        assert.equal(
          sum((step) => step.verified),
          2,
        );
        assert.equal(
          sum((step) => step.verifiedBytes),
          hugeBytes + smallBytes,
        );
        assert.equal(
          sum((step) => step.counts[0]?.examined ?? 0),
          2,
        );
        assert(steps.every((step) => step.damage.length === 0 && step.verifiedBytes <= bytesMax));
      }
    });

    it('looks at no more objects than it may', async () => {
      for (const key of ['a', 'b', 'c', 'd', 'e']) await store().store(idOf(key), large());
      const steps = await verifyAll({ pageSize: 2 });
      assert.deepEqual(
        steps.map(({ verified }) => verified),
        [2, 2, 1],
      );
    });

    it('ends when its time is over, and goes on there', async () => {
      for (const key of ['a', 'b', 'c']) await store().store(idOf(key), large());
      store().longTerm.hook('head', { after: () => store().clock.advance(40) });
      const steps = await verifyAll({ timeMsMax: 100 });
      assert.deepEqual(
        steps.map(({ verified, undecided }) => [verified, undecided]),
        [
          [2, []],
          [1, []],
        ],
      );
    });

    it('begins a payload anew that was replaced between two steps', async () => {
      await store().store(idOf('huge'), sampleBytes(hugeBytes, 1));
      const bytesMax = hugeBytes / 2;
      const first = await store().engine.verifyObjects({ ...wide, bytesMax });
      await store().store(idOf('huge'), sampleBytes(hugeBytes, 2));
      const { nextPageToken: pageToken } = first;
      const second = await store().engine.verifyObjects({ ...wide, pageToken });
      assert.deepEqual([second.verified, second.verifiedBytes, second.damage], [1, hugeBytes, []]);
    });

    it('takes no object for damaged that is replaced or deleted under its hands', async () => {
      await arrange(store(), idOf('a'), 'large', 1);
      await arrange(store(), idOf('b'), 'large', 1);
      await store().atRest();
      beforeNext(store().longTerm, 'head', async () => {
        await arrange(store(), idOf('a'), 'large', 2);
        await arrange(store(), idOf('b'), 'nothing');
        const how = { youngChange: 'settle', unnamedBlobs: 'delete' } as const;
        for (const { changeId } of await store().changes()) {
          await store().engine.settleChange({ changeId, ...how });
        }
      });
      const step = await verifyOnce();
      assert.deepEqual([step.verified, step.damage, step.undecided], [1, [], []]);
      assert.deepEqual(store().events, []);
    });

    it('passes over what does not answer in all of a step', async () => {
      await store().store(idOf('a'), large());
      await store().store(idOf('b'), small());
      const reached = createGate();
      const unhook = store().longTerm.hook('read', {
        instead: async (_name, _span, signal) => {
          reached.open();
          await new Promise((resolve) => signal?.addEventListener('abort', resolve));
          throw new DomainError({ code: 'CANCELLED' });
        },
      });
      const step = store().engine.verifyObjects(wide);
      await reached.passed;
      store().clock.advance(wide.timeMsMax);
      const { undecided, verified, nextPageToken: pageToken } = await step;
      unhook();
      assert.deepEqual([undecided.map(({ where }) => where), verified], [[idOf('a').path], 0]);
      const next = await store().engine.verifyObjects({ ...wide, pageToken });
      assert.deepEqual([next.verified, next.nextPageToken], [1, undefined]);
    });

    it('ends with its caller', async () => {
      await store().store(idOf('a'), large());
      const caller = new AbortController();
      beforeNext(store().longTerm, 'read', () => caller.abort());
      const verifying = store().engine.verifyObjects({ ...wide, signal: caller.signal });
      await assert.rejects(verifying, { code: 'CANCELLED' });
      assert.equal(store().clock.sleepers(), 0, 'no timer is left');
    });
  });

  describe('verifying finds', () => {
    it('a blob that is missing', async () => {
      const blob = await arrange(store(), idOf('a'), 'large', 1);
      await store().atRest();
      await store().tiers.longTerm.remove(blob ?? assert.fail());
      const { damage, verified, counts } = await verifyOnce();
      assert.deepEqual(
        damage.map((found) => [found.id.key, found.blob, found.kind]),
        [['a', blob, 'missing']],
      );
      assert.deepEqual([verified, counts[0]?.examined], [0, 1]);
      assert.deepEqual(store().events, [{ kind: 'dangling-tombstone', id: idOf('a'), blob }]);
    });

    it('bytes of a blob that changed, also those of an earlier step', async () => {
      await store().store(idOf('huge'), sampleBytes(hugeBytes, 1));
      store().longTerm.hook('read', {
        after: (result, _name, span) => {
          if (span?.offset !== 0 || result.kind !== 'found') return;
          const iterator = result.payload[Symbol.asyncIterator]();
          const next = iterator.next.bind(iterator);
          iterator.next = async () => {
            const chunk = await next();
            if (chunk.done !== true) chunk.value[0] = (chunk.value[0] ?? 0) ^ 1;
            return chunk;
          };
        },
      });
      for (const bytesMax of [hugeBytes, hugeBytes / 4]) {
        const steps = await verifyAll({ bytesMax });
        const damage = steps.flatMap((step) => step.damage);
        assert.deepEqual(
          damage.map((found) => [found.id.key, found.kind]),
          [['huge', 'wrong-checksum']],
        );
        assert.equal(steps.at(-1)?.verified, 1);
      }
      assert(store().events.every(({ kind }) => kind === 'damaged-object'));
    });

    it('a blob of another size, or of another checksum', async () => {
      await arrange(store(), idOf('a'), 'large', 1);
      for (const [change, kind] of [
        [{ size: largeBytes - 1 }, 'wrong-size'],
        [{ crc32c: 1 }, 'wrong-checksum'],
      ] as const) {
        const unhook = store().longTerm.hook('head', {
          instead: async (name) => {
            const head = await store().tiers.longTerm.head(name);
            if (head.kind === 'absent') return head;
            return { kind: 'found', metadata: { ...head.metadata, ...change } };
          },
        });
        const { damage } = await verifyOnce();
        unhook();
        assert.deepEqual(
          damage.map((found) => found.kind),
          [kind],
        );
      }
    });

    it('what the tier itself finds damaged', async () => {
      await arrange(store(), idOf('a'), 'large', 1);
      for (const [more, kind] of [
        [{ wrongSize: true }, 'wrong-size'],
        [{}, 'wrong-checksum'],
      ] as const) {
        const detail = {
          code: 'CHECKSUM_MISMATCH',
          what: 'a blob',
          why: 'cut off',
          ...more,
        } as const;
        failNext(store().longTerm, 'read', new DomainError(detail));
        const { damage, verified } = await verifyOnce();
        assert.deepEqual([damage.map((found) => found.kind), verified], [[kind], 0]);
      }
    });

    it('an inline payload that changed', async () => {
      await arrange(store(), idOf('a'), 'small', 1);
      for (const [payload, kind] of [
        [small(2), 'wrong-checksum'],
        [small().subarray(1), 'wrong-size'],
      ] as const) {
        const unhook = store().highVolume.hook('read', {
          instead: async (read) => {
            const row = await store().tiers.highVolume.read(read);
            return row.kind === 'inline' ? { ...row, payload } : row;
          },
        });
        const { damage, verified } = await verifyOnce();
        unhook();
        assert.deepEqual(
          damage.map((found) => [found.kind, 'blob' in found]),
          [[kind, false]],
        );
        assert.equal(verified, 1);
      }
    });

    it('what it cannot compare, and goes on', async () => {
      for (const key of ['a', 'b', 'c']) await arrange(store(), idOf(key), 'large', 1);
      failNext(store().highVolume, 'read', unavailable());
      failNext(store().longTerm, 'head', unavailable());
      const { verified, damage, undecided } = await verifyOnce();
      assert.deepEqual([verified, damage], [1, []]);
      assert.deepEqual(
        undecided.map(({ where }) => where),
        [idOf('a').path, idOf('b').path],
      );
    });
  });

  describe('a wrong token of verifying', () => {
    it('is refused, also one that was only mangled', async () => {
      await store().store(idOf('huge'), sampleBytes(hugeBytes, 1));
      const step = await store().engine.verifyObjects({ ...wide, bytesMax: 100_000 });
      const token = step.nextPageToken ?? assert.fail();
      const mangled = token.replace(/,(.)/, (_, digit: string) => `,${digit === '0' ? '1' : '0'}`);
      for (const pageToken of ['', 'x', 'changes-1:x', mangled, token.slice(0, -1)]) {
        const verifying = store().engine.verifyObjects({ ...wide, pageToken });
        await assert.rejects(verifying, { code: 'INVALID_PAGE' });
      }
      for (const pageSize of [0, limits.pageSizeMax + 1]) {
        const verifying = store().engine.verifyObjects({ ...wide, pageSize });
        await assert.rejects(verifying, { code: 'INVALID_PAGE' });
      }
    });
  });
}
