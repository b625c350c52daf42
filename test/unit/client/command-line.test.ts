import fc from 'fast-check';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  formatBytes,
  formatDuration,
  formatRate,
  printable,
} from '../../../packages/client/src/cli/format-quantity.js';
import { parseArguments, splitCommand } from '../../../packages/client/src/cli/parse-arguments.js';
import {
  parseCount,
  parseDuration,
  parsePairs,
  parseRange,
} from '../../../packages/client/src/cli/parse-value.js';
import { createProgressDisplay } from '../../../packages/client/src/cli/progress-display.js';
import { progressLine } from '../../../packages/client/src/cli/progress-line.js';
import { createTransferCounts } from '../../../packages/client/src/cli/transfer-counts.js';
import { UsageError } from '../../../packages/client/src/cli/usage-error.js';
import { PassThrough } from 'node:stream';
import { runHoldfast } from '../../support/holdfast-command.js';

const nowhere = '127.0.0.1:1';

describe('quantities', () => {
  it('are short', () => {
    assert.deepEqual([0, 1023, 1024, 1536, 5 * 1024 ** 4].map(formatBytes), [
      '0 B',
      '1023 B',
      '1.0 KiB',
      '1.5 KiB',
      '5.0 TiB',
    ]);
    assert.deepEqual([0, 1, 61_000, 3_723_000].map(formatDuration), [
      '0:00',
      '0:01',
      '1:01',
      '1:02:03',
    ]);
    assert.equal(formatRate(1024, 500), '2.0 KiB/s');
    assert.equal(formatRate(5, 0), '0 B/s');
  });

  it('do not let names steer the terminal', () => {
    assert.equal(printable('a\u{1B}[2Jb\nc'), 'a\u{FFFD}[2Jb\u{FFFD}c');
  });
});

describe('a line of progress', () => {
  const state = { label: 'cat.jpg', bytes: 25 * 1024, total: 100 * 1024, elapsedMs: 1_000 };

  it('has a bar, a share, an amount, a rate and the time that is left', () => {
    const line = progressLine(state, 100);
    const bar = `[${'='.repeat(7)}${' '.repeat(23)}]`;
    assert.equal(line, `cat.jpg  ${bar}   25 %  25.0 KiB of 100.0 KiB  25.0 KiB/s  0:03 left`);
  });

  it('has no bar where the end is not known', () => {
    const line = progressLine({ ...state, total: undefined }, 100);
    assert.equal(line, 'cat.jpg  25.0 KiB  25.0 KiB/s');
  });

  it('fits into any width, whatever it is about', () => {
    const states = fc.record({
      label: fc.string({ maxLength: 60 }),
      bytes: fc.nat(),
      total: fc.option(fc.nat(), { nil: undefined }),
      elapsedMs: fc.nat(),
    });
    fc.assert(
      fc.property(states, fc.nat({ max: 200 }), (any, columns) => {
        assert.ok(progressLine(any, columns).length <= Math.max(0, columns - 1));
      }),
    );
  });

  it('is drawn ten times a second at most, and taken away', () => {
    const stderr = new PassThrough();
    let now = 0;
    const host = { stderr, isWatched: true, columns: () => 80 };
    const display = createProgressDisplay(host, () => now);
    for (; now < 1_000; now += 10) display.update('x', now, 1_000);
    const drawn = String(stderr.read()).split('\r').length - 1;
    assert.equal(drawn, 10);
    display.clear();
    assert.equal(String(stderr.read()), '\r\u{1B}[K');
    display.clear();
    assert.equal(stderr.read(), null);
  });
});

describe('the counts of a transfer', () => {
  it('go back when an upload begins again, and lose what failed', () => {
    const counts = createTransferCounts(() => undefined);
    const first = counts.started(0, 'a');
    const second = counts.started(1, 'b');
    first({ bytes: 100 });
    second({ bytes: 10 });
    first({ bytes: 20 });
    assert.equal(counts.bytes(), 30);
    assert.equal(counts.settled(0, 150), 'a');
    assert.equal(counts.settled(1, undefined), 'b');
    counts.failed();
    assert.deepEqual([counts.stored(), counts.failures(), counts.bytes()], [1, 2, 150]);
  });
});

describe('the words of a command line', () => {
  it('may be durations', () => {
    const texts = ['250ms', '30s', '15m', '1.5h', '7d'];
    const parsed = texts.map((text) => parseDuration('ttl', text));
    assert.deepEqual(parsed, [250, 30_000, 900_000, 5_400_000, 604_800_000]);
    for (const text of ['', '5', '0s', '-1s', 's', '1w']) {
      assert.throws(() => parseDuration('ttl', text), UsageError);
    }
  });

  it('may be ranges', () => {
    assert.deepEqual(parseRange('0-99'), { first: 0, last: 99 });
    assert.deepEqual(parseRange('100-'), { first: 100, last: undefined });
    assert.deepEqual(parseRange('-100'), { suffix: 100 });
    for (const text of ['', '-', 'a-b', '5']) assert.throws(() => parseRange(text), UsageError);
  });

  it('may be counts and pairs', () => {
    assert.equal(parseCount('limit', '10', 100), 10);
    for (const text of ['0', '101', 'x']) {
      assert.throws(() => parseCount('limit', text, 100), UsageError);
    }
    assert.deepEqual(
      parsePairs('meta', ['a=b=c', 'd=']),
      new Map([
        ['a', 'b=c'],
        ['d', ''],
      ]),
    );
    assert.throws(() => parsePairs('meta', ['=x']), UsageError);
  });

  const table = {
    address: { value: 'HOST:PORT', help: '' },
    meta: { value: 'X', isList: true, help: '' },
    json: { short: 'j', help: '' },
  } as const;

  it('are flags and operands, in any order', () => {
    const args = ['a', '--meta', 'x=1', '-j', '-', '--meta=y=2', '--', '--json'];
    const { flags, operands } = parseArguments(args, table);
    assert.deepEqual(operands, ['a', '-', '--json']);
    assert.deepEqual(flags.texts('meta'), ['x=1', 'y=2']);
    assert.ok(flags.isSet('json'));
    assert.equal(flags.text('address'), undefined);
  });

  it('begin with a command, or with flags before it', () => {
    assert.deepEqual(splitCommand(['--address', 'x', 'put', '-j', 'y'], table), {
      name: 'put',
      rest: ['--address', 'x', '-j', 'y'],
    });
    assert.equal(splitCommand(['--json'], table).name, undefined);
  });
});

describe('the help', () => {
  const names = ['put', 'get', 'ls', 'rm', 'stat'];

  it('names every command, the exit codes and examples', async () => {
    const { code, stdout, stderr } = await runHoldfast(['--help'], nowhere);
    assert.deepEqual([code, stderr], [0, '']);
    for (const name of names) assert.match(stdout, new RegExp(`^  ${name} `, 'm'));
    assert.match(stdout, /Exit codes:\n  0  all went well/);
    assert.match(stdout, /Examples:/);
  });

  for (const name of names) {
    it(`of ${name} has its flags and examples, and fits a terminal`, async () => {
      const { code, stdout } = await runHoldfast([name, '--help'], nowhere);
      assert.equal(code, 0);
      assert.ok(stdout.includes(`usage: holdfast ${name} [FLAGS]`));
      assert.ok(stdout.includes('--address HOST:PORT'));
      assert.ok(stdout.includes(`Examples:\n  # `));
      for (const line of stdout.split('\n')) assert.ok(line.length <= 100, line);
    });
  }

  it('completes commands and flags in a shell', async () => {
    for (const shell of ['bash', 'zsh']) {
      const { stdout } = await runHoldfast(['completion', shell], nowhere);
      assert.ok(stdout.includes('complete -o filenames -F _holdfast holdfast'));
    }
    const { stdout } = await runHoldfast(['completion', 'bash'], nowhere);
    const complete = (words: string): string => {
      const count = words.split(' ').length - 1;
      const line = `${stdout}\nCOMP_WORDS=(${words}); COMP_CWORD=${count}; _holdfast; echo "\${COMPREPLY[@]}"`;
      return spawnSync('bash', ['-c', line], { encoding: 'utf8' }).stdout.trim();
    };
    assert.equal(complete('holdfast s'), 'stat');
    assert.equal(complete('holdfast put --recu'), '--recursive');
    assert.equal(complete('holdfast get --if'), '--if-revision');
  });
});
