import {
  changeIdOf,
  isExpired,
  type Clock,
  type HighVolumeTier,
  type InlineRow,
  type Revision,
  type TombstoneRow,
} from '@holdfast/domain';
import { createMemoryHighVolumeTier } from '../../memory-high-volume-tier.js';
import { calm } from '../plan.js';
import type { OpenTable, SimulatedTable } from '../stores.js';
import type { BrokenVariant } from '../variant.js';

/* Expiries that move when they must not. */

type Content = InlineRow | TombstoneRow;
type MayExtend = (content: Content, revision: Revision, clock: Clock) => boolean;

/** Replaces a row's content and leaves its intents as they are. */
function rewrite(table: SimulatedTable, id: Parameters<HighVolumeTier['fence']>[0], row: Content) {
  const intents = table.snapshot().get(id.path)?.intents ?? [];
  const changeId = changeIdOf(row.metadata.revision);
  void table.begin(id, changeId);
  void table.commit(id, changeId, row);
  for (const intent of intents) void table.begin(id, intent);
}

function withExtend(mayExtend: MayExtend): OpenTable {
  return (clock) => {
    const table = { ...createMemoryHighVolumeTier({ clock }), losePower: () => undefined };
    return {
      ...table,
      async extend(id, revision, timeExpires) {
        const row = table.snapshot().get(id.path);
        if (row?.unreadable === true) return table.extend(id, revision, timeExpires);
        const content = row?.content;
        const current = content?.metadata.timeExpires;
        if (content === undefined || current === undefined) return 'unchanged';
        if (current >= timeExpires || !mayExtend(content, revision, clock)) return 'unchanged';
        rewrite(table, id, { ...content, metadata: { ...content.metadata, timeExpires } });
        return 'extended';
      },
    };
  };
}

/** A read that was slow brings back what was absent to everybody else. */
export const expiryRevived: BrokenVariant = {
  name: 'expiry-revived',
  flaw: 'a row that has expired is extended',
  expected: /^I5: .* had expired and came back to life/,
  needs: { keys: ['idle-small'], environment: { ...calm, clockJumps: 2 } },
  openTable: withExtend(({ metadata }, revision) => metadata.revision === revision),
};

/** A read of one object keeps the next one alive. */
export const expiryOfAnyRevision: BrokenVariant = {
  name: 'expiry-of-any-revision',
  flaw: 'a row is extended for the sake of a revision that it no longer holds',
  expected: /^I[15]: /,
  needs: {
    keys: ['idle-large'],
    operations: [
      { kind: 'get', key: 0 },
      { kind: 'put', key: 0, size: 'large', lifetime: 'tti' },
      { kind: 'put', key: 0, size: 'small', lifetime: 'ttl' },
      { kind: 'get', key: 0 },
    ],
    concurrency: 4,
    environment: calm,
  },
  openTable: withExtend(({ metadata }, _, clock) => !isExpired(metadata.timeExpires, clock.now())),
};

/** Whoever deletes blobs by their own expiry deletes one that the row still names. */
export const rowExpiryFirst: BrokenVariant = {
  name: 'row-expiry-first',
  flaw: "the row's expiry moves before the blob's",
  expected: /^I1: the blob of .* expires before its row/,
  meddle: ({ longTerm }, dependencies) => ({
    ...dependencies,
    longTerm: {
      ...longTerm,
      async extend(blob, timeExpires) {
        void longTerm.extend(blob, timeExpires).catch(() => undefined);
        return 'extended';
      },
    },
  }),
};
