import { DomainError } from '../errors.js';
import type { SweptBlobs, SweptStore } from '../ports/swept-store.js';
import { dealWithPage, type OrphanPageDependencies } from './orphan-page.js';
import type { SweepRoom } from './sweep-budget.js';
import type { SweepDuty, SweepStepOutcome } from './sweep-duty.js';
import type { SweepRequest } from './sweep-request.js';

interface ReclaimOrphansOptions {
  readonly skewMsMax: number;
}

interface ReclaimOrphansDependencies extends OrphanPageDependencies {
  readonly store: SweptStore;
}

/**
 * Few enough that a store's readers hardly wait behind a page, and that what is held of it is gone before
 * the garbage collector takes it for long-lived; enough that the two calls for it are small beside what
 * they ask for.
 */
const pageEntriesMax = 64;
const pagesPerStepMax = 16;

/**
 * Finds blobs that nothing references. Before the first step the clocks of the store and of this
 * process are compared: where they are too far apart, ages say nothing. One step takes a few pages,
 * each in this order:
 *
 * 1. List a page of blobs, before anything else is read. Those that are young by our clock stay.
 * 2. Ask the store about all others of the page in one call. Meanwhile the next page is listed.
 * 3. Ask the queue about those that nothing keeps. A job that is there, a dead letter too, owns its
 *    blob.
 * 4. Put the others on the queue, unless it is a dry run, as far as there is room.
 *
 * A page that fails ends the step. What the pages before it have come to is told, and the next step
 * begins with it.
 *
 * No blob is removed here, and what was found is nothing but a hint: whoever takes the job fences the
 * blob's write, reads its row after that, and keeps the blob if it is named.
 */
export function createReclaimOrphansDuty(
  options: ReclaimOrphansOptions,
  dependencies: ReclaimOrphansDependencies,
): SweepDuty {
  return {
    begin: (_, signal) => checkClocks(options, dependencies, signal),

    async step(request, cursor, room, signal) {
      const outcomes: SweepStepOutcome[] = [];
      try {
        const parts = { ...dependencies, request, signal };
        for await (const outcome of dealWithPages(cursor, room, parts)) outcomes.push(outcome);
      } catch (error) {
        if (outcomes.length === 0) throw error;
      }
      return together(outcomes);
    },
  };
}

interface StepParts extends ReclaimOrphansDependencies {
  readonly request: SweepRequest;
  readonly signal: AbortSignal;
}

/** One after the other, each listed while the one before it is judged. */
async function* dealWithPages(
  cursor: string | undefined,
  room: SweepRoom,
  parts: StepParts,
): AsyncGenerator<SweepStepOutcome, void, undefined> {
  const endsAt = parts.clock.now() + room.ms;
  let at = cursor;
  let left = room;
  let listing: Promise<SweptBlobs> | undefined = listPage(at, left, parts);
  for (let pages = 1; listing !== undefined; pages += 1) {
    const page: SweptBlobs = await listing;
    left = { ...left, entries: left.entries - page.blobs.length - page.undecided.length };
    const isLast = pages >= pagesPerStepMax || parts.clock.now() >= endsAt;
    const goesOn = page.next !== undefined && left.entries > 0 && !isLast;
    listing = goesOn ? listPage(page.next, left, parts) : undefined;
    const outcome = await dealWithPage(page, at, left, parts);
    yield outcome;
    if (outcome.isCut === true) return;
    left = roomBeside(left, outcome);
    at = page.next;
  }
}

function listPage(
  cursor: string | undefined,
  { entries }: SweepRoom,
  { store, signal }: StepParts,
): Promise<SweptBlobs> {
  const listed = store.listBlobs({ pageSize: Math.min(entries, pageEntriesMax), cursor }, signal);
  // Heard of when its turn comes, which it need not.
  listed.catch(() => undefined);
  return listed;
}

function roomBeside(
  { orphans, bytes, ...room }: SweepRoom,
  { found }: SweepStepOutcome,
): SweepRoom {
  let [orphansLeft, bytesLeft] = [orphans, bytes];
  for (const { removed = 0, freedBytes = 0 } of found) {
    orphansLeft -= removed;
    bytesLeft -= freedBytes;
  }
  return { ...room, orphans: orphansLeft, bytes: bytesLeft };
}

function together(outcomes: readonly SweepStepOutcome[]): SweepStepOutcome {
  return {
    ...outcomes.at(-1),
    found: outcomes.flatMap(({ found }) => found),
    damage: [],
    undecidedEntries: outcomes.flatMap(({ undecidedEntries }) => undecidedEntries),
  };
}

async function checkClocks(
  { skewMsMax }: ReclaimOrphansOptions,
  { store, clock }: ReclaimOrphansDependencies,
  signal: AbortSignal,
): Promise<void> {
  const asked = clock.now();
  const theirs = await store.time(signal);
  const answered = clock.now();
  // The store read its clock at some time between the two.
  const skewMs = Math.max(asked - theirs, theirs - answered, 0);
  if (skewMs > skewMsMax) throw new DomainError({ code: 'CLOCK_SKEWED', skewMs, skewMsMax });
}
