import assert from 'node:assert/strict';
import { createSharedRead } from '../../../packages/tier-bigtable/src/shared-read.js';
import type { BigtableTransport } from '../../../packages/tier-bigtable/src/transport.js';

const filter = { cellsPerColumnLimitFilter: 1 };

/** A table of every key but those that begin with `no`, which remembers what it was asked for. */
function tableOf(fail?: () => Error | undefined) {
  const calls: string[][] = [];
  const transport: Pick<BigtableTransport, 'readRows'> = {
    async readRows({ rows, rowsLimit, filter: given }) {
      assert.equal(given, filter);
      const keys = (rows?.rowKeys ?? []).map((key) => Buffer.from(key));
      assert.equal(rowsLimit, keys.length);
      calls.push(keys.map(String));
      const error = fail?.();
      if (error !== undefined) throw error;
      // As Bigtable does: in their order, and nothing for what is not there.
      const there = keys.filter((key) => !String(key).startsWith('no'));
      return there.toSorted(Buffer.compare).map((key) => ({ key, cells: [] }));
    },
  };
  return { readOne: createSharedRead(transport, filter), calls };
}

describe('rows of a Bigtable table that are read together', () => {
  it('are read by one call where they are asked for in one turn, and each is given its own', async () => {
    const { readOne, calls } = tableOf();
    const keys = ['b', 'no row', 'c', 'a'];
    const rows = await Promise.all(keys.map((key) => readOne(Buffer.from(key))));
    assert.deepEqual(
      rows.map((row) => row && String(row.key)),
      ['b', undefined, 'c', 'a'],
    );
    assert.deepEqual(calls, [keys]);
    await readOne(Buffer.from('b'));
    assert.deepEqual(calls, [keys, ['b']]);
  });

  it('are read once where several ask for the same', async () => {
    const { readOne, calls } = tableOf();
    const [left, right] = await Promise.all([readOne(Buffer.from('k')), readOne(Buffer.from('k'))]);
    assert.equal(left, right);
    assert.deepEqual(calls, [['k']]);
  });

  it('take more calls where they are many', async () => {
    const { readOne, calls } = tableOf();
    const keys = Array.from({ length: 250 }, (_, index) => `k${index}`);
    const rows = await Promise.all(keys.map((key) => readOne(Buffer.from(key))));
    assert.deepEqual(
      rows.map((row) => String(row?.key)),
      keys,
    );
    assert.deepEqual(
      calls.map((call) => call.length),
      [100, 100, 50],
    );
  });

  it('fail together, and are read again by the next call', async () => {
    let failure: Error | undefined = new Error('the table is away');
    const { readOne, calls } = tableOf(() => failure);
    const ended = await Promise.allSettled(['a', 'b'].map((key) => readOne(Buffer.from(key))));
    assert.deepEqual(
      ended.map((end) => end.status === 'rejected' && end.reason === failure),
      [true, true],
    );
    failure = undefined;
    assert.ok(await readOne(Buffer.from('a')));
    assert.equal(calls.length, 2);
  });

  it('are not mixed up where their keys are no text', async () => {
    const { readOne } = tableOf();
    const keys = [Buffer.of(0xff), Buffer.of(0xfe), Buffer.of(0xef, 0xbf, 0xbd)];
    const rows = await Promise.all(keys.map(readOne));
    assert.deepEqual(
      rows.map((row) => row?.key),
      keys,
    );
  });
});
