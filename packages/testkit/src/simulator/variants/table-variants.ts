import { revisionOf, type ChangeId, type Clock, type HighVolumeTier } from '@holdfast/domain';
import { createMemoryHighVolumeTier } from '../../memory-high-volume-tier.js';
import type { SimulatedTable } from '../stores.js';
import type { BrokenVariant } from '../variant.js';

/* Tables that do not keep the promises of their port. */

/** A table whose rows behave otherwise than the port demands. */
function withTable(
  name: string,
  flaw: string,
  expected: RegExp,
  alter: (table: SimulatedTable, clock: Clock) => Partial<HighVolumeTier>,
): BrokenVariant {
  return {
    name,
    flaw,
    expected,
    openTable(clock) {
      const table = { ...createMemoryHighVolumeTier({ clock }), losePower: () => undefined };
      return { ...table, ...alter(table, clock) };
    },
  };
}

export const commitWithoutIntent = withTable(
  'commit-without-intent',
  'a commit does not ask for its intent',
  /^I1: .* names a missing blob/,
  (table) => ({
    async commit(id, changeId, write, live) {
      await table.begin(id, changeId);
      return table.commit(id, changeId, write, live);
    },
  }),
);

export const contentKeepsIntents = withTable(
  'content-keeps-intents',
  'a content change leaves the intents of others in the row',
  /^I6: nothing names .* forgot it/,
  (table) => {
    const others = (path: string, mine?: ChangeId): readonly ChangeId[] =>
      (table.snapshot().get(path)?.intents ?? []).filter((intent) => intent !== mine);
    const restore = (id: Parameters<HighVolumeTier['begin']>[0], intents: readonly ChangeId[]) => {
      for (const intent of intents) void table.begin(id, intent);
    };
    return {
      async putInline(id, object) {
        const intents = others(id.path);
        const answer = table.putInline(id, object);
        restore(id, intents);
        return answer;
      },
      async commit(id, changeId, write, live) {
        const intents = others(id.path, changeId);
        const answer = table.commit(id, changeId, write, live);
        restore(id, intents);
        return answer;
      },
    };
  },
);

/** The table acknowledges what is in memory; the disk gets it with the next write. */
export const ackBeforeFlush: BrokenVariant = {
  name: 'ack-before-flush',
  flaw: 'a write is acknowledged before it is flushed',
  expected: /^I5: no order explains/,
  openTable(clock) {
    type Write = (table: HighVolumeTier) => Promise<unknown>;
    const written: Write[] = [];
    let table = createMemoryHighVolumeTier({ clock });
    const write = <Answer>(run: (table: HighVolumeTier) => Promise<Answer>): Promise<Answer> => {
      written.push(run);
      return run(table);
    };
    return {
      read: (id) => table.read(id),
      readHead: (id) => table.readHead(id),
      list: (prefix, after, limit) => table.list(prefix, after, limit),
      listRows: (after, examinedMax) => table.listRows(after, examinedMax),
      snapshot: () => table.snapshot(),
      damage: (id) => table.damage(id),
      putInline: (id, object) => write((to) => to.putInline(id, object)),
      deleteInline: (id) => write((to) => to.deleteInline(id)),
      begin: (id, changeId) => write((to) => to.begin(id, changeId)),
      commit: (id, changeId, row, live) => write((to) => to.commit(id, changeId, row, live)),
      fence: (id, changeId) => write((to) => to.fence(id, changeId)),
      extend: (id, revision, expires) => write((to) => to.extend(id, revision, expires)),
      losePower() {
        written.pop();
        table = createMemoryHighVolumeTier({ clock });
        for (const again of written) void again(table);
      },
    };
  },
};

/** Keeps the object whose writer's clock was ahead. */
export const orderedByClock = withTable(
  'ordered-by-clock',
  'the write with the later time wins, whichever came last',
  /^I5: no order explains/,
  (table) => ({
    async putInline(id, object) {
      const current = table.snapshot().get(id.path)?.content?.metadata.revision;
      if (current !== undefined && object.metadata.revision < current) return 'stored';
      return table.putInline(id, object);
    },
    async commit(id, changeId, write, live) {
      const current = table.snapshot().get(id.path)?.content?.metadata.revision;
      if (current !== undefined && revisionOf(changeId) < current) {
        await table.fence(id, changeId);
        return 'committed';
      }
      return table.commit(id, changeId, write, live);
    },
  }),
);
