import type { Payload, PutRequest } from '@holdfast/domain';
import assert from 'node:assert/strict';
import { createGate, failNext } from './hold.js';
import { large, largeBytes, never, small, sourceOf } from './payloads.js';
import { arrange, assertReads, unavailable } from './situations.js';
import {
  idOf,
  plainMetadata,
  useStore,
  type OpenTiers,
  type StoreUnderTest,
} from './store-under-test.js';

const id = idOf('ended');
const broken = new Error('the source cannot even end');

/** What a source does when it is told to end. */
const endings = [
  { how: 'well', end: async () => ({ done: true, value: undefined }) as const },
  { how: 'with an error', end: () => Promise.reject(broken) },
  {
    how: 'with an error at once',
    end: () => {
      throw broken;
    },
  },
  { how: 'never', end: never },
] as const;

interface Ending {
  readonly payload: Payload;
  /** How often it was told to end. */
  told(): number;
}

export function describeEndingSources(openTiers: OpenTiers): void {
  const store = useStore(openTiers, { objectBytesMax: largeBytes });

  function source(bytes: Uint8Array, end: () => Promise<IteratorResult<Uint8Array>>): Ending {
    const iterator = sourceOf(bytes).payload[Symbol.asyncIterator]();
    let told = 0;
    const payload: Payload = {
      [Symbol.asyncIterator]: () => ({
        next: () => iterator.next(),
        return: () => {
          told += 1;
          return end();
        },
      }),
    };
    return { payload, told: () => told };
  }

  for (const { how, end } of endings) {
    describe(`a source that ends ${how} when it is told to`, () => {
      for (const [size, bytes] of [['small', small()] as const, ['large', large()] as const]) {
        it(`is not told to after a put that read all of it: ${size}`, async () => {
          const { payload, told } = source(bytes, end);
          const { signal } = new AbortController();
          await store().store(id, bytes, { payload });
          assert.equal(told(), 0);
          const again = source(bytes, end);
          await store().store(id, bytes, { payload: again.payload, signal });
          await assertReads(store(), id, size, 1);
          assert.equal(again.told(), 0);
        });
      }

      it('is told to once when the store did not want all of it, which is stored', async () => {
        const { payload, told } = source(large(), end);
        const { longTerm } = store().tiers;
        // It knows from elsewhere how long the payload is, and does not ask for its end.
        store().longTerm.hook('create', {
          instead: (name, metadata, given) => longTerm.create(name, metadata, upToLast(given)),
        });
        await store().store(id, large(), { payload });
        assert.equal(told(), 1);
        await assertReads(store(), id, 'large', 1);
      });

      it('is told to once when the metadata is refused', async () => {
        const { payload, told } = source(large(), end);
        const metadata = { ...plainMetadata, contentType: '' };
        const putting = store().put(id, large(), { payload, metadata });
        await assert.rejects(putting, { code: 'INVALID_METADATA' });
        assert.equal(told(), 1);
      });

      it('is told to once when the condition fails', async () => {
        await arrange(store(), id, 'small', 1);
        const { payload, told } = source(large(2), end);
        const condition = { kind: 'if-absent' } as const;
        const outcome = await store().put(id, large(2), { payload, condition });
        assert.equal(outcome.kind, 'precondition-failed');
        assert.equal(told(), 1);
        await assertReads(store(), id, 'small', 1);
      });

      const failures: readonly {
        readonly what: string;
        readonly code: string;
        readonly bytes?: Uint8Array;
        readonly strike: (store: StoreUnderTest) => Partial<PutRequest> | void;
      }[] = [
        {
          what: 'the change cannot begin',
          code: 'TIER_UNAVAILABLE',
          strike: ({ highVolume }) => failNext(highVolume, 'begin', unavailable()),
        },
        {
          what: 'the upload fails at once',
          code: 'TIER_UNAVAILABLE',
          strike: ({ longTerm }) => failNext(longTerm, 'create', unavailable()),
        },
        {
          what: 'it is too large',
          code: 'PAYLOAD_TOO_LARGE',
          bytes: new Uint8Array(4 * largeBytes),
          strike: () => undefined,
        },
      ];
      for (const { what, code, bytes = large(2), strike } of failures) {
        it(`is told to once when ${what}`, async () => {
          await arrange(store(), id, 'small', 1);
          const { payload, told } = source(bytes, end);
          strike(store());
          await assert.rejects(store().put(id, bytes, { payload }), { code });
          assert.equal(told(), 1);
          await store().atRest();
          await assertReads(store(), id, 'small', 1);
          assert.deepEqual(await store().holdings(), { blobs: [], changes: [] });
        });
      }

      it('is told to once when its caller goes away', async () => {
        const hangs = createGate();
        const caller = new AbortController();
        const { payload, told } = source(large(), end);
        const stuck = hanging(payload, hangs.open);
        const putting = store().put(id, large(), { payload: stuck, signal: caller.signal });
        await hangs.passed;
        caller.abort();
        await assert.rejects(putting, { code: 'CANCELLED' });
        assert.equal(told(), 1);
        await store().atRest();
        assert.deepEqual(await store().holdings(), { blobs: [], changes: [] });
      });
    });
  }

  it('a source that fails is not told to end', async () => {
    for (const bytes of [small(), large()]) {
      const failing = sourceOf(bytes, { afterwards: () => Promise.reject(broken) });
      const iterator = failing.payload[Symbol.asyncIterator]();
      const { payload, told } = source(bytes, () => assert.fail());
      const both: Payload = {
        [Symbol.asyncIterator]: () => ({
          ...payload[Symbol.asyncIterator](),
          next: () => iterator.next(),
        }),
      };
      await assert.rejects(store().put(id, bytes, { payload: both }), broken);
      assert.equal(told(), 0);
    }
  });
}

/** All bytes of a large payload, and then the end without asking for it. */
async function* upToLast(payload: Payload): Payload {
  let size = 0;
  for await (const chunk of payload) {
    yield chunk;
    size += chunk.length;
    if (size === largeBytes) return;
  }
}

/** The same source, but its third chunk never comes. */
function hanging(payload: Payload, onHang: () => void): Payload {
  const iterator = payload[Symbol.asyncIterator]();
  let chunks = 0;
  return {
    [Symbol.asyncIterator]: () => ({
      next() {
        chunks += 1;
        if (chunks < 3) return iterator.next();
        onHang();
        return never();
      },
      return: (value: unknown) => iterator.return?.(value) ?? assert.fail(),
    }),
  };
}
