import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeTemporaryDirectory } from '../support/lmdb-store.js';
import { skipWithout } from '../support/require-all.js';

const pageBytes = 4_096;
const systemCalls = 'openat,pwrite64,pwritev,writev,fdatasync,fsync,msync,write';

/*
 * That a write survives the loss of power cannot be seen from inside. What can be seen is the order
 * of the system calls: pages, flush, meta page through a synchronous descriptor, and only then the
 * answer.
 */
describe('an acknowledged write to LMDB', () => {
  let directory: string;

  before(function () {
    const { status } = spawnSync('strace', ['-o', '/dev/null', 'true']);
    skipWithout(this, status === 0, 'strace, and the right to use it');
  });
  beforeEach(async () => {
    directory = await makeTemporaryDirectory();
  });
  afterEach(() => rm(directory, { recursive: true }));

  it('is flushed to disk before it is acknowledged, and before a reader can see it', async () => {
    const calls = await traceOfOnePut(directory, join(directory, 'store'));
    const synchronous = calls
      .find((call) => /data\.mdb.*O_DSYNC/.test(call))
      ?.match(/= (\d+)<[^>]*>$/)?.[1];
    assert.ok(synchronous !== undefined, 'there is a synchronous descriptor');
    const commit = calls.slice(
      calls.findIndex((call) => call.includes('submitted')),
      calls.findIndex((call) => call.includes('acknowledged')),
    );
    const steps = commit.flatMap((call) => stepOf(call, synchronous) ?? []);
    const distinct = steps.filter((step, index) => step !== steps[index - 1]);
    assert.deepEqual(distinct, ['pages', 'flush', 'meta page, flushed']);
  });

  it('is in directories whose names were flushed before', async () => {
    const calls = await traceOfOnePut(directory, join(directory, 'data', 'all', 'rows'));
    const before = calls.slice(
      0,
      calls.findIndex((call) => call.includes('submitted')),
    );
    const flushed = new Set(before.flatMap((call) => /\bfsync\(\d+<(.+?)>/.exec(call)?.[1] ?? []));
    for (const path of ['', 'data', 'data/all', 'data/all/rows']) {
      assert.ok(flushed.has(join(directory, path)), `the directory '${path}' is not flushed`);
    }
  });
});

function stepOf(call: string, synchronous: string): string | undefined {
  const write = /\b(?:pwrite64|pwritev|writev)\((\d+)<.* = (\d+)$/.exec(call);
  if (write !== null) {
    if (write[1] === synchronous) return 'meta page, flushed';
    return Number(write[2]) % pageBytes === 0 ? 'pages' : 'meta page, not flushed';
  }
  return /\bfdatasync\(\d+<[^)]*\) += 0$/.test(call) ? 'flush' : undefined;
}

/** The calls of a process that opens the store and puts one row, with the path of each descriptor. */
async function traceOfOnePut(directory: string, store: string): Promise<string[]> {
  const script = fileURLToPath(new URL('../support/lmdb-put-once.ts', import.meta.url));
  const flags = ['--import=tsx', '--conditions=@holdfast/source'];
  const trace = join(directory, 'trace');
  const node = [process.execPath, ...flags, script, store, 'key'];
  const strace = ['-f', '-y', '-s', '64', '-e', `trace=${systemCalls}`, '-o', trace, ...node];
  const { status, stderr } = spawnSync('strace', strace, { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  return (await readFile(trace, 'utf8')).split('\n');
}
