import { bootstrapAll, tellEntry, type BootstrapPlan } from '@holdfast/storage';
import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

describe('The bootstrap of an embedded store', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-bootstrap-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  function plan(): BootstrapPlan {
    return {
      storage: {
        highVolume: { kind: 'lmdb', directory: join(folder, 'data/rows'), sizeMax: 2 ** 26 },
        longTerm: { kind: 'filesystem', directory: join(folder, 'data/blobs') },
      },
      redis: undefined,
      jobsAtOnceMax: 1,
    };
  }

  async function run(checkOnly: boolean) {
    const { entries, isSound } = await bootstrapAll(plan(), { checkOnly });
    return { isSound, lines: entries.map((entry) => tellEntry(entry).replace(folder, '~')) };
  }

  it('makes its directories once, and changes nothing when it only checks', async () => {
    const [rows, blobs] = ['directory ~/data/rows', 'directory ~/data/blobs'];
    const missing = [`${rows}: missing`, `${blobs}: missing`];
    assert.deepEqual(await run(true), { isSound: false, lines: missing });
    assert.deepEqual(await readdir(folder), []);
    const made = [`${rows}: made`, `${blobs}: made`];
    assert.deepEqual(await run(false), { isSound: true, lines: made });
    const existing = [`${rows}: exists`, `${blobs}: exists`];
    assert.deepEqual(await run(false), { isSound: true, lines: existing });
    assert.deepEqual(await run(true), { isSound: true, lines: existing });
  });

  it('makes them for the eyes of their owner only, as the tiers do', async () => {
    await bootstrapAll(plan(), { checkOnly: false });
    for (const name of ['data', 'data/rows', 'data/blobs']) {
      assert.equal((await stat(join(folder, name))).mode & 0o777, 0o700, name);
    }
  });

  it('fails for what is no directory, and goes on', async () => {
    await bootstrapAll(plan(), { checkOnly: false });
    await rm(join(folder, 'data/rows'), { recursive: true });
    await writeFile(join(folder, 'data/rows'), 'a file');
    const { isSound, lines } = await run(false);
    assert.equal(isSound, false);
    assert.match(lines[0] ?? '', /^directory ~\/data\/rows: failed: it is no directory$/);
    assert.match(lines[1] ?? '', /exists$/);
  });
});
