import assert from 'node:assert/strict';
import { createRowMerger, type CellChunk } from '../../../packages/tier-bigtable/src/row-merger.js';

const bytes = (text: string): Buffer => Buffer.from(text);

/** A chunk as the client library decodes it: what was left out is there, and empty. */
function chunk(fields: CellChunk): CellChunk {
  return { rowKey: bytes(''), familyName: null, qualifier: null, value: bytes(''), ...fields };
}

function cell(key: string, family: string, qualifier: string, value: string): CellChunk {
  return chunk({
    rowKey: bytes(key),
    familyName: { value: family },
    qualifier: { value: bytes(qualifier) },
    value: bytes(value),
  });
}

function merge(chunks: readonly CellChunk[]): unknown {
  const merger = createRowMerger();
  for (const each of chunks) merger.add(each);
  return merger
    .rows()
    .map(({ key, cells }) => [
      key.toString(),
      ...cells.map(
        ({ family, qualifier, value }) => `${family}:${qualifier.toString()}=${value.toString()}`,
      ),
    ]);
}

describe('the chunks of a read', () => {
  it('are no rows when there are none', () => {
    assert.deepEqual(merge([]), []);
  });

  it('leave out the row, the family and the column that are as before', () => {
    const rows = merge([
      cell('a', 'm', 'h', '1'),
      chunk({ value: bytes('2') }),
      chunk({ qualifier: { value: bytes('p') }, value: bytes('3') }),
      chunk({
        familyName: { value: 'n' },
        qualifier: { value: bytes('h') },
        value: bytes('4'),
        commitRow: true,
      }),
      { ...cell('b', 'm', 'h', '5'), commitRow: true },
    ]);
    assert.deepEqual(rows, [
      ['a', 'm:h=1', 'm:h=2', 'm:p=3', 'n:h=4'],
      ['b', 'm:h=5'],
    ]);
  });

  it('may repeat the key of their row', () => {
    const rows = merge([
      cell('a', 'm', 'h', '1'),
      { ...cell('a', 'm', 'p', '2'), commitRow: true },
    ]);
    assert.deepEqual(rows, [['a', 'm:h=1', 'm:p=2']]);
  });

  it('may be parts of one value', () => {
    const rows = merge([
      cell('a', 'm', 'h', 'head'),
      chunk({ qualifier: { value: bytes('p') }, value: bytes('abc'), valueSize: 8 }),
      chunk({ value: bytes('def'), valueSize: 8 }),
      chunk({ value: bytes('gh'), commitRow: true }),
    ]);
    assert.deepEqual(rows, [['a', 'm:h=head', 'm:p=abcdefgh']]);
  });

  it('may have an empty column and an empty value', () => {
    assert.deepEqual(merge([{ ...cell('a', 'm', '', ''), commitRow: true }]), [['a', 'm:=']]);
  });

  it('may take back the row that was begun, which then begins anew', () => {
    const rows = merge([
      { ...cell('a', 'm', 'h', '1'), commitRow: true },
      cell('b', 'm', 'h', 'lost'),
      chunk({ qualifier: { value: bytes('p') }, value: bytes('lo'), valueSize: 4 }),
      chunk({ resetRow: true }),
      { ...cell('b', 'm', 'h', '2'), commitRow: true },
    ]);
    assert.deepEqual(rows, [
      ['a', 'm:h=1'],
      ['b', 'm:h=2'],
    ]);
  });

  it('are refused when they end inside a row', () => {
    assert.throws(() => merge([cell('a', 'm', 'h', '1')]), /ends inside a row/);
  });

  const broken: Readonly<Record<string, readonly CellChunk[]>> = {
    'begin without a key': [chunk({ familyName: { value: 'm' }, commitRow: true })],
    'have no column': [{ ...chunk({ rowKey: bytes('a') }), commitRow: true }],
    'have a family without a column': [
      cell('a', 'm', 'h', '1'),
      chunk({ familyName: { value: 'n' }, commitRow: true }),
    ],
    'begin a row inside another': [cell('a', 'm', 'h', '1'), cell('b', 'm', 'h', '1')],
    'end a row inside a value': [{ ...cell('a', 'm', 'h', 'x'), valueSize: 2, commitRow: true }],
    'show a row twice': [
      { ...cell('a', 'm', 'h', '1'), commitRow: true },
      { ...cell('a', 'm', 'h', '1'), commitRow: true },
    ],
    'go back in the order of rows': [
      { ...cell('b', 'm', 'h', '1'), commitRow: true },
      { ...cell('a', 'm', 'h', '1'), commitRow: true },
    ],
  };
  for (const [what, chunks] of Object.entries(broken)) {
    it(`are refused when they ${what}`, () => {
      assert.throws(() => merge(chunks), /cannot be/);
    });
  }
});
