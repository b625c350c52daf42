import { isExpired, later, type InlineRow, type TombstoneRow } from '@holdfast/domain';
import { createManualClock, createRowFixtures, plain } from '@holdfast/testkit';
import assert from 'node:assert/strict';
import { decodeContent, replaceContent } from '../../../packages/tier-bigtable/src/row-content.js';
import { encodeExpiry } from '../../../packages/tier-bigtable/src/row-cells.js';
import type { Cell } from '../../../packages/tier-bigtable/src/row-merger.js';
import { isUnreadable } from '../domain/damage.js';

describe('the cells of a row', () => {
  const clock = createManualClock();
  const make = createRowFixtures(clock);
  const id = make.id();

  function writtenCells(row: InlineRow | TombstoneRow) {
    return replaceContent(row).flatMap(({ setCell }) => {
      if (setCell === undefined || setCell === null) return [];
      const { familyName, columnQualifier, value, timestampMicros } = setCell;
      assert.ok(typeof familyName === 'string');
      assert.ok(columnQualifier instanceof Uint8Array && value instanceof Uint8Array);
      const cell: Cell = {
        family: familyName,
        qualifier: Buffer.from(columnQualifier),
        value: Buffer.from(value),
      };
      return [{ cell, time: Number(timestampMicros) }];
    });
  }

  const cellsOf = (row: InlineRow | TombstoneRow): Cell[] =>
    writtenCells(row).map(({ cell }) => cell);
  const named = (cells: readonly Cell[]): string[] =>
    cells.map(({ family, qualifier }) => `${family}:${qualifier.toString()}`);
  const without = (cells: readonly Cell[], column: string): Cell[] =>
    cells.filter(({ qualifier }) => qualifier.toString() !== column);

  const rows: Readonly<Record<string, InlineRow | TombstoneRow>> = {
    'an inline row': make.inline('payload'),
    'an inline row with a time-to-live': make.inline('payload', make.expiringIn(1_000)),
    'an inline row with a time-to-idle': make.inline('payload', make.idleIn(1_000)),
    'a tombstone': make.tombstone(id),
    'a tombstone with a time-to-live': make.tombstone(id, make.expiringIn(1_000)),
  };

  for (const [name, row] of Object.entries(rows)) {
    it(`are ${name} as it was written`, () => {
      const content = decodeContent(cellsOf(row), id.path);
      const payload = row.kind === 'inline' ? row.payload : undefined;
      assert.deepEqual(
        plain({ ...content?.head, payload: content?.payload }),
        plain({ ...row, payload }),
      );
    });

    it(`of ${name} come after the removal of all that was there`, () => {
      const mutations = replaceContent(row);
      const removed = mutations
        .slice(0, 3)
        .map(({ deleteFromFamily }) => deleteFromFamily?.familyName);
      assert.deepEqual(removed, ['e', 'm', 'i']);
      assert.ok(mutations.slice(3).every((mutation) => 'setCell' in mutation));
    });

    it(`of ${name} are unreadable with a column that is not known`, () => {
      const [cell] = cellsOf(row);
      assert.ok(cell);
      const foreign = { ...cell, qualifier: Buffer.from('q') };
      assert.throws(() => decodeContent([...cellsOf(row), foreign], id.path), isUnreadable);
    });
  }

  it('go by themselves only where a time-to-live passed over an inline payload', () => {
    const families = Object.entries(rows).map(([name, row]) => [name, cellsOf(row)[0]?.family]);
    assert.deepEqual(
      families.filter(([, family]) => family === 'e').map(([name]) => name),
      ['an inline row with a time-to-live'],
    );
  });

  it('of a row that goes by itself carry its expiry as their time', () => {
    const row = make.inline('payload', make.expiringIn(1_000));
    const times = new Set(writtenCells(row).map(({ time }) => time));
    assert.deepEqual([...times], [later(clock.now(), 1_000) * 1_000]);
  });

  it('are in the columns that the format says', () => {
    assert.deepEqual(named(cellsOf(make.inline('x'))), ['m:h', 'm:x', 'm:p']);
    assert.deepEqual(named(cellsOf(make.tombstone(id))), ['m:h', 'm:x']);
  });

  it('are no content when there are none', () => {
    assert.equal(decodeContent([], id.path), undefined);
  });

  it('show the expiry of its own cell rather than that of the head', () => {
    const row = make.inline('payload', make.idleIn(1_000));
    const timeExpires = later(clock.now(), 9_000);
    const value = Buffer.from(encodeExpiry(row.metadata.revision, timeExpires));
    const cells = cellsOf(row).map((cell) =>
      cell.qualifier.toString() === 'x' ? { ...cell, value } : cell,
    );
    assert.equal(decodeContent(cells, id.path)?.head.metadata.timeExpires, timeExpires);
  });

  it('are unreadable with the expiry of another revision, with a cut one and with none', () => {
    const cells = cellsOf(make.inline('payload', make.idleIn(1_000)));
    const others = [
      Buffer.from(encodeExpiry(make.revision(), clock.now())),
      Buffer.alloc(23),
      Buffer.alloc(0),
    ];
    for (const value of others) {
      const damaged = cells.map((cell) =>
        cell.qualifier.toString() === 'x' ? { ...cell, value } : cell,
      );
      assert.throws(() => decodeContent(damaged, id.path), isUnreadable);
    }
    assert.throws(() => decodeContent(without(cells, 'x'), id.path), isUnreadable);
  });

  it('are unreadable without a head, and with two', () => {
    const manual = cellsOf(make.inline('payload'));
    const expiring = cellsOf(make.inline('payload', make.expiringIn(1_000)));
    assert.throws(() => decodeContent(without(manual, 'h'), id.path), isUnreadable);
    assert.throws(() => decodeContent([...manual, ...expiring], id.path), isUnreadable);
  });

  it('of a row that was collected in part are what is left of it, or nothing', () => {
    const row = make.inline('payload', make.expiringIn(1_000));
    const cells = cellsOf(row);
    clock.advance(1_000);
    assert.equal(decodeContent(without(cells, 'h'), id.path), undefined);
    const left = decodeContent(without(without(cells, 'p'), 'x'), id.path);
    assert.ok(isExpired(left?.head.metadata.timeExpires, clock.now()));
  });

  it('take no payload that Bigtable would not', () => {
    const payload = new Uint8Array(10 * 1024 * 1024 + 1);
    assert.throws(() => replaceContent({ ...make.inline(''), payload }), {
      code: 'PAYLOAD_TOO_LARGE',
    });
  });
});
