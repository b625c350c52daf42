import { changeIdOf, parseRevision, type InlineRow } from '@holdfast/domain';
import { createRowFixtures } from '@holdfast/testkit';
import { openLmdbStore, type LmdbStore } from '@holdfast/tier-lmdb';
import { systemClock } from '@holdfast/service-kit';
import type { LmdbAnswer, LmdbCommand } from './lmdb-process.js';

/* A process of its own with the store of `argv[2]` open, which does what its parent tells it. */

const make = createRowFixtures(systemClock);
const lanes = 32;

/** Large enough to reach over pages, and the same whenever it is made for the same text. */
function payloadOf(text: string): InlineRow {
  return make.inline(text.repeat(300));
}

async function obey(store: LmdbStore, command: LmdbCommand): Promise<string> {
  const tier = store.highVolumeTier;
  const id = make.id(command.key);
  switch (command.name) {
    case 'put':
      return tier.putInline(id, payloadOf(command.text));
    case 'commit': {
      const changeId = changeIdOf(parseRevision(command.changeId));
      return tier.commit(id, changeId, payloadOf(command.text));
    }
    case 'read': {
      const row = await tier.read(id);
      return row.kind === 'inline' ? new TextDecoder().decode(row.payload) : row.kind;
    }
    case 'write-for-ever': {
      await Promise.all(
        Array.from({ length: lanes }, (_, lane) => writeForEver(store, command, lane)),
      );
      return 'never';
    }
  }
}

async function writeForEver(store: LmdbStore, { key }: LmdbCommand, lane: number): Promise<void> {
  for (let round = 0; ; round += 1) {
    const written = `${key}-${lane}-${round}`;
    const id = make.id(written);
    if (round % 2 === 0) await store.highVolumeTier.putInline(id, payloadOf(written));
    else {
      const changeId = make.changeId();
      await store.highVolumeTier.begin(id, changeId);
      await store.highVolumeTier.commit(id, changeId, payloadOf(written));
    }
    answer({ number: -1, result: written });
  }
}

function answer(message: LmdbAnswer): void {
  process.send?.(message);
}

const directory = process.argv[2];
if (directory !== undefined && process.send !== undefined) {
  const store = await openLmdbStore({ directory }, { clock: systemClock });
  process.on('message', (message: { readonly number: number; readonly command: LmdbCommand }) => {
    obey(store, message.command).then(
      (result) => answer({ number: message.number, result }),
      (error: unknown) => answer({ number: message.number, result: `failed: ${String(error)}` }),
    );
  });
  process.on('disconnect', () => process.exit());
  answer({ number: 0, result: 'ready' });
}
