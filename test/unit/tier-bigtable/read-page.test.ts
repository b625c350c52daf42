import assert from 'node:assert/strict';
import { readPage } from '../../../packages/tier-bigtable/src/read-page.js';
import type { BigtableTransport } from '../../../packages/tier-bigtable/src/transport.js';

/** A table of these keys, and how many reads it has answered. */
function tableOf(keys: readonly string[]) {
  let calls = 0;
  const rows = keys.map((key) => ({ key: Buffer.from(key), cells: [] }));
  const transport: Pick<BigtableTransport, 'readRows'> = {
    async readRows({ rows: wanted, rowsLimit }) {
      calls += 1;
      const { startKeyOpen } = wanted?.rowRanges?.[0] ?? {};
      const first = startKeyOpen instanceof Uint8Array ? startKeyOpen : Buffer.alloc(0);
      const rest = rows.filter(({ key }) => key.compare(first) > 0);
      return rest.slice(0, Number(rowsLimit));
    },
  };
  return { transport, calls: () => calls };
}

function read(transport: Pick<BigtableTransport, 'readRows'>, entriesMax: number) {
  return readPage(transport, {
    prefix: 'o/',
    filter: {},
    entriesMax,
    decodeKey: (key) => (key[0] === Buffer.from('k')[0] ? Buffer.from(key).toString() : undefined),
  });
}

describe('a page of a Bigtable table', () => {
  const own = ['o/k1', 'o/k2'];
  const foreign = Array.from({ length: 3_000 }, (_, at) => `o/x${String(at).padStart(4, '0')}`);

  it('that is full takes few calls to see what follows many keys of others', async () => {
    const { transport, calls } = tableOf([...own, ...foreign]);
    const page = await read(transport, 2);
    assert.deepEqual([page.entries.length, page.next], [2, undefined]);
    assert.equal(page.foreignKeys.length, foreign.length);
    assert.ok(calls() < 20, `${calls()} calls`);
  });

  it('reads no more than it holds, and one more, where all keys are ours', async () => {
    const { transport, calls } = tableOf([...own, 'o/k3', 'o/k4']);
    const page = await read(transport, 2);
    assert.deepEqual([page.entries.length, page.next, calls()], [2, 'k2', 1]);
  });
});
