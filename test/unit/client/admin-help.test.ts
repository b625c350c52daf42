import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  parseBytes,
  parseDuration,
  parseTime,
} from '../../../packages/client/src/cli/parse-value.js';
import { tableText } from '../../../packages/client/src/cli/admin/text-table.js';
import { UsageError } from '../../../packages/client/src/cli/usage-error.js';
import { runHoldfast } from '../../support/holdfast-command.js';

const nowhere = '127.0.0.1:1';
const names = ['stats', 'dead-letters', 'retry', 'discard', 'pause', 'resume'];
const sweepNames = ['recover', 'orphans', 'expire', 'verify', 'reports', 'cancel'];

describe('the help of holdfast admin', () => {
  it('is pointed at by the help of all', async () => {
    const { stdout } = await runHoldfast(['--help'], nowhere);
    assert.match(stdout, /^ {2}admin +Shows and steers cleanup and sweeps, for operators$/m);
  });

  it('names every command', async () => {
    const { code, stdout, stderr } = await runHoldfast(['admin', '--help'], nowhere);
    assert.deepEqual([code, stderr], [0, '']);
    assert.ok(stdout.includes('usage: holdfast admin COMMAND'));
    for (const name of [...names, 'sweep']) assert.match(stdout, new RegExp(`^ {2}${name} `, 'm'));
    for (const line of stdout.split('\n')) assert.ok(line.length <= 100, line);
  });

  for (const name of names) {
    it(`of ${name} has its flags and examples, and fits a terminal`, async () => {
      const { code, stdout } = await runHoldfast(['admin', name, '--help'], nowhere);
      assert.equal(code, 0);
      assert.ok(stdout.includes(`usage: holdfast admin ${name} [FLAGS]`));
      assert.ok(stdout.includes('--cleanup-worker HOST:PORT'));
      assert.ok(!stdout.includes('--address'));
      assert.ok(stdout.includes(`Examples:\n  # `));
      for (const line of stdout.split('\n')) assert.ok(line.length <= 100, line);
    });
  }

  it('names every command about sweeps', async () => {
    const { code, stdout, stderr } = await runHoldfast(['admin', 'sweep', '--help'], nowhere);
    assert.deepEqual([code, stderr], [0, '']);
    assert.ok(stdout.includes('usage: holdfast admin sweep COMMAND'));
    for (const name of sweepNames) assert.match(stdout, new RegExp(`^ {2}${name} `, 'm'));
    for (const line of stdout.split('\n')) assert.ok(line.length <= 100, line);
  });

  for (const name of sweepNames) {
    it(`of sweep ${name} has its flags and examples, and fits a terminal`, async () => {
      const { code, stdout } = await runHoldfast(['admin', 'sweep', name, '--help'], nowhere);
      assert.equal(code, 0);
      assert.ok(stdout.includes(`usage: holdfast admin sweep ${name} [FLAGS]`));
      assert.ok(stdout.includes('--sweeper HOST:PORT'));
      assert.ok(!stdout.includes('--cleanup-worker'));
      assert.ok(stdout.includes(`Examples:\n  # `));
      for (const line of stdout.split('\n')) assert.ok(line.length <= 100, line);
    });
  }

  it('completes commands and flags in a shell', async () => {
    const { stdout } = await runHoldfast(['completion', 'bash'], nowhere);
    const complete = (words: string): string => {
      const count = words.split(' ').length - 1;
      const line = `${stdout}\nCOMP_WORDS=(${words}); COMP_CWORD=${count}; _holdfast; echo "\${COMPREPLY[@]}"`;
      return spawnSync('bash', ['-c', line], { encoding: 'utf8' }).stdout.trim();
    };
    assert.equal(complete('holdfast adm'), 'admin');
    assert.equal(complete('holdfast admin re'), 'retry resume');
    assert.equal(complete('holdfast admin discard --beca'), '--because');
    assert.equal(complete('holdfast admin retry x --clean'), '--cleanup-worker');
    assert.equal(complete('holdfast admin retry x --addr'), '');
    assert.equal(complete('holdfast admin sw'), 'sweep');
    assert.equal(complete('holdfast admin sweep re'), 'recover reports');
    assert.equal(complete('holdfast admin sweep orphans --mi'), '--min-age');
    assert.equal(complete('holdfast admin sweep verify --mi'), '');
    assert.equal(complete('holdfast admin --json sweep cancel x --sw'), '--sweeper');
    assert.equal(complete('holdfast admin retry sweep --sw'), '');
    assert.equal(complete('holdfast put --recu'), '--recursive');
    assert.equal(complete('holdfast put admin --recu'), '--recursive');
    assert.equal(complete('holdfast put --clean'), '');
  });
});

describe('the words of holdfast admin', () => {
  it('may be times', () => {
    const now = Date.parse('2026-11-21T10:00:00Z');
    const times = ['2026-11-21T09:00:00Z', '2026-11-21T10:00+01:00', '1h', '60min'];
    for (const text of times) {
      assert.equal(parseTime('enqueued-by', text, now).toISOString(), '2026-11-21T09:00:00.000Z');
    }
    for (const text of ['', '2026-11-21', 'yesterday', '2026-13-01T00:00Z', '5', '-1h', '0s']) {
      assert.throws(() => parseTime('enqueued-by', text, now), UsageError);
    }
    assert.equal(parseDuration('spread', '5min'), 300_000);
    assert.throws(() => parseDuration('spread', '0s'), UsageError);
    assert.equal(parseDuration('min-age', '0s', 0), 0);
    for (const text of ['', '-1s', 's', '5']) {
      assert.throws(() => parseDuration('min-age', text, 0), UsageError);
    }
  });

  it('may be sizes', () => {
    const sizes = { '1': 1, '4096': 4_096, '3B': 3, '64KiB': 65_536, '1.5 GiB': 1_610_612_736 };
    for (const [text, bytes] of Object.entries(sizes)) {
      assert.equal(parseBytes('bytes', text), bytes);
    }
    for (const text of ['', '0', '-1', '1GB', '1K', 'MiB', '9007199254740993', '1e3']) {
      assert.throws(() => parseBytes('bytes', text), UsageError);
    }
  });
});

describe('a table', () => {
  const columns = [
    { title: 'name', text: ({ name }: { name: string; size: number }) => name },
    {
      title: 'size',
      isRightAligned: true,
      text: ({ size }: { size: number }) => String(size),
      shown: ({ size }: { size: number }) => `${size} B`,
    },
  ] as const;
  const rows = [
    { name: 'a', size: 5 },
    { name: 'bcd\u{1F600}ef', size: 12 },
  ];

  it('has a heading and even columns on a terminal', () => {
    assert.equal(
      tableText(columns, rows, 80),
      'name     size\na         5 B\nbcd\u{1F600}ef  12 B\n',
    );
  });

  it('fits into any width, and stays text', () => {
    for (let width = 1; width < 20; width += 1) {
      const text = tableText(columns, rows, width);
      assert.ok(text.isWellFormed());
      for (const line of text.split('\n')) assert.ok(line.length <= width, line);
    }
  });

  it('is parted by tabs elsewhere, and nothing without rows', () => {
    assert.equal(tableText(columns, rows, undefined), 'a\t5\nbcd\u{1F600}ef\t12\n');
    assert.equal(tableText(columns, [], 80), '');
  });
});
