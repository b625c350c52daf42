import { systemClock } from '@holdfast/service-kit';
import { createRowFixtures } from '@holdfast/testkit';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { startLmdbProcess, type LmdbProcess } from '../support/lmdb-process.js';
import {
  openTemporaryLmdbStore,
  withLmdbStore,
  type TemporaryLmdbStore,
} from '../support/lmdb-store.js';

const repeats = 300;

describe('an LMDB store that several processes have open', () => {
  const make = createRowFixtures(systemClock);
  let store: TemporaryLmdbStore;
  let processes: LmdbProcess[] = [];

  beforeEach(async () => {
    store = await openTemporaryLmdbStore();
  });
  afterEach(async () => {
    await Promise.all(processes.map((process) => process.kill()));
    processes = [];
    await store.remove();
  });

  async function start(count: number): Promise<LmdbProcess[]> {
    processes = await Promise.all(
      Array.from({ length: count }, () => startLmdbProcess(store.directory)),
    );
    return processes;
  }

  async function textOf(key: string): Promise<string> {
    const row = await store.highVolumeTier.read(make.id(key));
    return row.kind === 'inline' ? new TextDecoder().decode(row.payload) : row.kind;
  }

  it('commits exactly one of the writes that processes race for on one row', async () => {
    const others = await start(3);
    for (let round = 0; round < 25; round += 1) {
      const key = `raced-${round}`;
      const changeId = make.changeId();
      await store.highVolumeTier.begin(make.id(key), changeId);
      const racers = others.flatMap((process, index) =>
        [0, 1].map((lane) => ({ process, text: `${index}-${lane};` })),
      );
      const answers = await Promise.all(
        racers.map(({ process, text }) => process.call({ name: 'commit', key, changeId, text })),
      );
      assert.equal(answers.filter((answer) => answer === 'committed').length, 1, String(answers));
      assert.equal(answers.filter((answer) => answer === 'refused').length, racers.length - 1);
      const winner = racers[answers.indexOf('committed')]?.text.repeat(repeats);
      assert.equal(await textOf(key), winner);
      const seen = await Promise.all(others.map((process) => process.call({ name: 'read', key })));
      assert.ok(seen.every((text) => text === winner));
    }
  });

  it('lets a fence of one process stop the commit of another', async () => {
    const [other] = await start(1);
    assert.ok(other);
    const changeId = make.changeId();
    await store.highVolumeTier.begin(make.id('fenced'), changeId);
    await store.highVolumeTier.fence(make.id('fenced'), changeId);
    const answer = await other.call({ name: 'commit', key: 'fenced', changeId, text: 'late' });
    assert.equal(answer, 'refused');
    assert.equal(await textOf('fenced'), 'absent');
  });

  it('sees what another process acknowledged once the turn it has read in is over', async () => {
    const changeId = make.changeId();
    await store.highVolumeTier.putInline(make.id('turn'), make.inline('before'));
    assert.equal(await textOf('turn'), 'before');
    const script = fileURLToPath(new URL('../support/lmdb-put-once.ts', import.meta.url));
    const flags = ['--import=tsx', '--conditions=@holdfast/source'];
    // Blocks this thread, so that lmdb-js has no timer to let go of the snapshot it has just used.
    const { status, stderr } = spawnSync(process.execPath, [
      ...flags,
      script,
      store.directory,
      'turn',
      changeId,
    ]);
    assert.equal(status, 0, stderr.toString());
    await new Promise<void>((resolve) => process.nextTick(resolve));
    await store.highVolumeTier.fence(make.id('turn'), changeId);
    assert.equal(await textOf('turn'), 'after');
    const commit = { name: 'commit', key: 'turn', changeId, text: 'late' } as const;
    const [other] = await start(1);
    assert.equal(await other?.call(commit), 'refused');
  });

  it('keeps every acknowledged write of a process that is killed in the middle of its batches', async () => {
    for (let round = 0; round < 3; round += 1) {
      const [victim] = await start(1);
      assert.ok(victim);
      void victim.call({ name: 'write-for-ever', key: `round-${round}` });
      await victim.hasAcknowledged(400);
      await victim.kill();
      // The process that lives on sees them, and can write.
      await assertAllThere(victim.acknowledged, textOf);
      assert.equal(
        await store.highVolumeTier.putInline(make.id('alive'), make.inline('x')),
        'stored',
      );
    }
  });

  it('keeps every acknowledged write when the only process is killed and the store opened anew', async () => {
    const [victim] = await start(1);
    assert.ok(victim);
    await store.close();
    void victim.call({ name: 'write-for-ever', key: 'alone' });
    await victim.hasAcknowledged(400);
    await victim.kill();
    await withLmdbStore({ directory: store.directory }, systemClock, async ({ highVolumeTier }) => {
      await assertAllThere(victim.acknowledged, async (key) => {
        const row = await highVolumeTier.read(make.id(key));
        return row.kind === 'inline' ? new TextDecoder().decode(row.payload) : row.kind;
      });
      assert.equal(await highVolumeTier.putInline(make.id('anew'), make.inline('x')), 'stored');
    });
  });
});

async function assertAllThere(
  keys: readonly string[],
  textOf: (key: string) => Promise<string>,
): Promise<void> {
  assert.ok(keys.length > 0);
  for (const key of keys) assert.equal(await textOf(key), key.repeat(repeats), key);
}
