import { namedBlob, parseBlobName, type RowHead } from '@holdfast/domain';
import { listContext } from '../client-operation.js';
import type { BrokenVariant } from '../variant.js';

/* Cleanup that takes what it must not. */

/** Cleanup reads the row and deletes what it does not name, without making the commit impossible. */
export const readThenDelete: BrokenVariant = {
  name: 'read-then-delete',
  flaw: 'cleanup does not fence before it reads the row',
  expected: /^I1: .* names a missing blob/,
  meddle: (ports, dependencies) => ({
    ...dependencies,
    highVolume: { ...ports.highVolume, fence: async () => undefined },
  }),
};

/** Builds the set of live blobs first, and deletes what is listed afterwards and not in it. */
export const readBeforeListing: BrokenVariant = {
  name: 'read-before-listing',
  flaw: 'a sweep reads the rows before it lists the blobs',
  expected: /^I1: .* names a missing blob/,
  async sweepOrphans(ports, engine) {
    const live = new Set<string>();
    const { objects } = await engine.listObjects(listContext);
    for (const { id } of objects) {
      const blob = namedBlob(await ports.highVolume.readHead(id));
      if (blob !== undefined) live.add(blob);
    }
    const page = await ports.longTerm.list(undefined, 100);
    for (const { name } of page.blobs) if (!live.has(name)) await ports.longTerm.remove(name);
  },
};

/** Trusts that whatever is old enough and not named now will not be named later. */
export const sweepWithoutFence: BrokenVariant = {
  name: 'sweep-without-fence',
  flaw: 'a sweep relies on the row it read and fences nobody',
  expected: /^I1: .* names a missing blob/,
  async sweepOrphans(ports) {
    const page = await ports.longTerm.list(undefined, 100);
    for (const { name } of page.blobs) {
      const parts = parseBlobName(name);
      if (parts === undefined) continue;
      const row = await ports.highVolume.readHead(parts.id);
      if (namedBlob(row) !== name) await ports.longTerm.remove(name);
    }
  },
};

/** Deletes what the job says was replaced. */
export const trustedPayload: BrokenVariant = {
  name: 'trusted-payload',
  flaw: "a settle trusts the job's payload instead of the log and the row",
  expected: /^I1: .* names a missing blob/,
  async settle(ports, { hearsay }) {
    if (hearsay === undefined) return;
    await ports.highVolume.fence(hearsay.objectId, hearsay.changeId);
    if (hearsay.oldBlob !== undefined) await ports.longTerm.remove(hearsay.oldBlob);
    await ports.changeLog.remove(hearsay.changeId);
  },
};

/** Takes expired content for nothing at all, so that cleanup forgets its blob or deletes it too soon. */
export const expiredIsNothing: BrokenVariant = {
  name: 'expired-is-nothing',
  flaw: 'a blob that an expired row still names is taken for an orphan',
  expected: /^I1: .* names a missing blob/,
  meddle: (ports, dependencies) => {
    const forget = (row: RowHead): RowHead => (row.kind === 'absent' ? { kind: 'absent' } : row);
    return {
      ...dependencies,
      highVolume: {
        ...ports.highVolume,
        readHead: async (id) => forget(await ports.highVolume.readHead(id)),
      },
    };
  },
};

/** Goes on when the row cannot be read, as if nothing were there. */
export const errorTakenForAbsent: BrokenVariant = {
  name: 'error-taken-for-absent',
  flaw: 'a row that cannot be read is taken for an empty one',
  expected: /^I1: .* names a missing blob/,
  meddle: (ports, dependencies) => ({
    ...dependencies,
    highVolume: {
      ...ports.highVolume,
      readHead: (id) => ports.highVolume.readHead(id).catch((): RowHead => ({ kind: 'absent' })),
    },
  }),
};
