import { status } from '@grpc/grpc-js';
import { hasCode } from '@holdfast/domain';
import assert from 'node:assert/strict';
import { createReadRows } from '../../../packages/tier-bigtable/src/read-rows.js';
import { createAttemptCall } from '../../../packages/tier-bigtable/src/repeats.js';
import { resolveBigtableOptions } from '../../../packages/tier-bigtable/src/options.js';
import type { ReadRowsRequest } from '../../../packages/tier-bigtable/src/requests.js';

type Answers = Parameters<Parameters<typeof createReadRows>[1]>[2];
type Answer = Parameters<Answers>[0];

const attemptsMax = 4;

function row(key: string, { isWhole = true } = {}): Answer {
  const [familyName, qualifier] = [{ value: 'm' }, { value: Buffer.from('h') }];
  const chunk = { rowKey: Buffer.from(key), familyName, qualifier, value: Buffer.from(key) };
  return { chunks: [{ ...chunk, commitRow: isWhole }] };
}

const lookedUpTo = (key: string): Answer => ({ lastScannedRowKey: Buffer.from(key) });

/** Each attempt answers what is next in the list, and all but the last are then cut off. */
async function read(request: ReadRowsRequest, attempts: readonly (readonly Answer[])[]) {
  const options = resolveBigtableOptions({ instanceId: 'i', tableId: 't', attemptsMax });
  const requests: ReadRowsRequest[] = [];
  const readRows = createReadRows(
    createAttemptCall(options, () => 0),
    async (rest, _timeoutMs, onAnswer) => {
      const answers = attempts[requests.length] ?? [];
      requests.push(rest);
      for (const answer of answers) onAnswer(answer);
      if (requests.length === attempts.length) return;
      throw Object.assign(new Error('cut off'), { code: status.UNAVAILABLE });
    },
  );
  const rows = await readRows(request);
  return { requests, keys: rows.map(({ key }) => key.toString()) };
}

function range(start: object, rowsLimit?: number): ReadRowsRequest {
  const rows = { rowRanges: [{ ...start, endKeyOpen: Buffer.from('p') }] };
  return { rows, filter: {}, ...(rowsLimit === undefined ? undefined : { rowsLimit }) };
}

const fromStart = { startKeyClosed: Buffer.from('a') };
const after = (key: string) => ({ startKeyOpen: Buffer.from(key) });

describe('a read of many rows that is cut off', () => {
  it('goes on after the last row that came to its end, with what is left of its limit', async () => {
    const { requests, keys } = await read(range(fromStart, 10), [
      [row('b'), row('c'), row('d', { isWhole: false })],
      [row('d'), row('e')],
      [row('f')],
    ]);
    assert.deepEqual(keys, ['b', 'c', 'd', 'e', 'f']);
    assert.deepEqual(requests, [range(fromStart, 10), range(after('c'), 8), range(after('e'), 6)]);
  });

  it('goes on after what was looked at without anything to show', async () => {
    const { requests, keys } = await read(range(fromStart), [
      [row('b'), lookedUpTo('m')],
      [lookedUpTo('n')],
      [],
    ]);
    assert.deepEqual(keys, ['b']);
    assert.deepEqual(requests, [range(fromStart), range(after('m')), range(after('n'))]);
  });

  it('begins again where nothing has come', async () => {
    const { requests } = await read(range(fromStart, 3), [[], [row('b')]]);
    assert.deepEqual(requests, [range(fromStart, 3), range(fromStart, 3)]);
  });

  it('is over where all of it had come', async () => {
    const full = await read(range(fromStart, 2), [[row('b'), row('c')], []]);
    assert.deepEqual([full.keys, full.requests.length], [['b', 'c'], 1]);
    const passed = await read(range(fromStart), [[row('b'), lookedUpTo('p')], []]);
    assert.deepEqual([passed.keys, passed.requests.length], [['b'], 1]);
  });

  it('goes on in a whole table', async () => {
    const { requests } = await read({ filter: {} }, [[row('b')], []]);
    assert.deepEqual(requests, [{ filter: {} }, { filter: {}, rows: { rowRanges: [after('b')] } }]);
  });

  it('asks for a key again as it did', async () => {
    const request = { rows: { rowKeys: [Buffer.from('k')] }, rowsLimit: 1 };
    const { requests, keys } = await read(request, [[row('k', { isWhole: false })], [row('k')]]);
    assert.deepEqual(keys, ['k']);
    assert.deepEqual(requests, [request, request]);
  });

  it('asks no more for keys that it has come past', async () => {
    const keysOf = (...keys: string[]): ReadRowsRequest => ({
      rows: { rowKeys: keys.map((key) => Buffer.from(key)) },
      rowsLimit: keys.length,
    });
    const first = keysOf('e', 'b', 'd', 'c', 'f');
    const { requests, keys } = await read(first, [
      [row('b')],
      [lookedUpTo('d')],
      [row('e'), lookedUpTo('f')],
      [],
    ]);
    assert.deepEqual(keys, ['b', 'e']);
    const rest = [
      { ...keysOf('e', 'd', 'c', 'f'), rowsLimit: 4 },
      { ...keysOf('e', 'f'), rowsLimit: 4 },
    ];
    assert.deepEqual(requests, [first, ...rest]);
  });

  it('is given up after its attempts, however far they came', async () => {
    const attempts = ['b', 'c', 'd', 'e', 'f', 'g'].map((key) => [row(key)]);
    await assert.rejects(read(range(fromStart), attempts), (error) =>
      hasCode(error, 'TIER_UNAVAILABLE'),
    );
  });
});
