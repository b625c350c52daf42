import {
  DomainError,
  namedBlob,
  type BlobName,
  type SweptStore,
  type Timestamp,
} from '@holdfast/domain';
import { listContext } from '../client-operation.js';
import type { SimulatedPorts } from '../simulated-ports.js';
import { calm } from '../plan.js';
import type { BrokenVariant } from '../variant.js';

/* Sweepers, and workers for what they find, that believe too much or look at too little. */

const dayMs = 86_400_000;

async function removeAtOnce({ longTerm }: SimulatedPorts, blob: BlobName): Promise<void> {
  await longTerm.remove(blob);
}

/** Has a set of live blobs ready before the first page, and decides by nothing else. */
export const liveSetBeforeListing: BrokenVariant = {
  name: 'live-set-before-listing',
  flaw: 'a sweep decides by rows that it read before it listed the blobs',
  expected: /^I1: .* names a missing blob/,
  reclaim: removeAtOnce,
  meddleSweep(dependencies, ports, engine) {
    const { store } = dependencies;
    const live = new Set<BlobName>();
    const listBlobs: SweptStore['listBlobs'] = async (page, signal) => {
      const { objects } = await engine.listObjects(listContext);
      for (const { id } of objects) {
        const blob = namedBlob(await ports.highVolume.readHead(id));
        if (blob !== undefined) live.add(blob);
      }
      return store.listBlobs(page, signal);
    };
    const judgeBlobs: SweptStore['judgeBlobs'] = async (blobs) =>
      blobs.map((blob) => ({ kind: live.has(blob) ? 'live' : 'orphan' }));
    return { ...dependencies, store: { ...store, listBlobs, judgeBlobs } };
  },
};

/** Nobody can still be writing what is a day old, or so it seems. */
export const ageIsTheOnlyGuard: BrokenVariant = {
  name: 'age-is-the-only-guard',
  flaw: 'a blob is reclaimed for its age, without a fence and without a look at its row',
  expected: /^I1: .* names a missing blob/,
  reclaim: removeAtOnce,
  meddleSweep(dependencies) {
    const { store, clock } = dependencies;
    const created = new Map<BlobName, Timestamp>();
    const listBlobs: SweptStore['listBlobs'] = async (page, signal) => {
      const listed = await store.listBlobs(page, signal);
      for (const { name, timeCreated } of listed.blobs) created.set(name, timeCreated);
      return listed;
    };
    const judgeBlobs: SweptStore['judgeBlobs'] = async (blobs) =>
      blobs.map((blob) => {
        const ageMs = clock.now() - (created.get(blob) ?? clock.now());
        return { kind: ageMs < dayMs ? 'young' : 'orphan' };
      });
    return { ...dependencies, store: { ...store, listBlobs, judgeBlobs } };
  },
};

/** Goes on behind the page after the one that it has looked at. */
export const cursorSkipsPage: BrokenVariant = {
  name: 'cursor-skips-page',
  flaw: 'the cursor of a sweep goes past a page that nobody has looked at',
  expected: /^I6: .* is an orphan/,
  meddleSweep(dependencies) {
    const { store } = dependencies;
    const listBlobs: SweptStore['listBlobs'] = async (page, signal) => {
      const listed = await store.listBlobs(page, signal);
      if (listed.next === undefined) return listed;
      const { next } = await store.listBlobs({ ...page, cursor: listed.next }, signal);
      return { ...listed, next };
    };
    return { ...dependencies, store: { ...store, listBlobs } };
  },
};

/** What was an orphan when it was found is one for ever, or so it seems. */
export const trustedCandidates: BrokenVariant = {
  name: 'trusted-candidates',
  flaw: 'a blob that a sweep judged is deleted later without deciding anew',
  expected: /^I4: .* went \d+ ms after a row named it/,
  reclaim: removeAtOnce,
};

/** Somebody will be at work if nobody says otherwise, or so it seems. */
export const silenceTakenForJob: BrokenVariant = {
  name: 'silence-taken-for-job',
  flaw: 'a change is taken to have a living job because the queue says nothing about it',
  expected: /^I7: change .* is not settled/,
  meddleSweep: (dependencies) => ({
    ...dependencies,
    jobs: {
      async states(jobs) {
        const states = await dependencies.jobs.states(jobs);
        return states.map((state) => (state === 'absent' ? 'queued' : state));
      },
    },
  }),
};

/** Nobody can want what does not read as it was written, or so it seems. */
export const damageDeleted: BrokenVariant = {
  name: 'damage-deleted',
  flaw: 'a sweep deletes what it finds damaged',
  needs: { keys: ['large'], environment: { ...calm, damages: 1, sweeps: 2 } },
  expected: /^I1: .* names a missing blob/,
  meddleSweep(dependencies, ports) {
    const { store } = dependencies;
    const verifyObjects: SweptStore['verifyObjects'] = async (page, signal) => {
      const verified = await store.verifyObjects(page, signal);
      for (const { id } of verified.damage) {
        const blob = namedBlob(await ports.highVolume.readHead(id));
        if (blob !== undefined) await ports.longTerm.remove(blob);
      }
      return verified;
    };
    return { ...dependencies, store: { ...store, verifyObjects } };
  },
};

/** What cannot be read may be about any blob of its object, or so it seems. */
export const unreadableKeepsAll: BrokenVariant = {
  name: 'unreadable-keeps-all',
  flaw: 'a log entry that cannot be read keeps blobs that it cannot be about',
  needs: {
    keys: ['large'],
    operations: [{ kind: 'put', key: 0, size: 'large' }],
    environment: { ...calm, unreadableChanges: 1 },
  },
  expected: /^I6: .* is an orphan/,
  meddle: ({ changeLog }, dependencies) => ({
    ...dependencies,
    changeLog: {
      ...changeLog,
      get: (changeId) =>
        changeLog.get(changeId).catch((cause: unknown) => {
          const why = String(cause);
          throw new DomainError({ code: 'TIER_UNAVAILABLE', tier: 'the log', why }, { cause });
        }),
    },
  }),
};
