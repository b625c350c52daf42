import type { BlobName } from '../blob-name.js';
import { orphanAgeMsMin } from '../limits.js';
import type { CleanupJobs } from '../ports/cleanup-jobs.js';
import type { CleanupJob, CleanupProducer } from '../ports/cleanup-queue.js';
import type { Clock } from '../ports/clock.js';
import type { BlobJudgement, SweptBlob, SweptBlobs, SweptStore } from '../ports/swept-store.js';
import { enqueueJobs } from './enqueue-jobs.js';
import type { SweepRoom } from './sweep-budget.js';
import type { SweepFound, SweepStepOutcome } from './sweep-duty.js';
import { keptUndecided } from './sweep-found.js';
import type { SweepRequest } from './sweep-request.js';

export interface OrphanPageDependencies {
  readonly store: Pick<SweptStore, 'judgeBlobs'>;
  readonly producer: CleanupProducer;
  readonly jobs: CleanupJobs;
  readonly clock: Clock;
}

interface PageParts extends OrphanPageDependencies {
  readonly request: SweepRequest;
  readonly signal: AbortSignal;
}

/** What is to become of a blob. `orphan`: nothing keeps it and no job is about it. */
interface JudgedBlob {
  readonly blob: SweptBlob;
  readonly judgement: BlobJudgement;
}

const young: BlobJudgement = { kind: 'young' };
const owned: BlobJudgement = { kind: 'owned' };
const noAnswer: BlobJudgement = { kind: 'undecided', why: 'the store did not answer' };

/** Judges a page of blobs, which began at `cursor`, and queues its orphans. */
export async function dealWithPage(
  page: SweptBlobs,
  cursor: string | undefined,
  room: SweepRoom,
  parts: PageParts,
): Promise<SweepStepOutcome> {
  const judged = await judge(page.blobs, parts);
  const taken = thoseWithRoom(judged, room);
  const orphans = taken.filter(isOrphan).map(({ blob }) => jobOf(blob.name));
  if (!parts.request.dryRun) await enqueueJobs(orphans, parts, parts.signal);
  const found = [...sumsOf(taken), ...keptUndecided(page.undecided.length)];
  const undecidedEntries = [...page.undecided, ...undecidedOf(taken)];
  const reach: Pick<SweepStepOutcome, 'next' | 'isCut'> =
    taken.length < judged.length ? { next: cursor, isCut: true } : { next: page.next };
  return { found, damage: [], undecidedEntries, ...reach };
}

async function judge(
  blobs: readonly SweptBlob[],
  { store, jobs, clock, request, signal }: PageParts,
): Promise<readonly JudgedBlob[]> {
  const { ageMsMin = orphanAgeMsMin } = request;
  const now = clock.now();
  const isYoung = ({ timeCreated }: SweptBlob): boolean => now - timeCreated < ageMsMin;
  const names = blobs.flatMap((blob) => (isYoung(blob) ? [] : [blob.name]));
  const answers = names.length === 0 ? [] : await store.judgeBlobs(names, ageMsMin, signal);
  const orphans = names.filter((_, index) => answers[index]?.kind === 'orphan');
  const inHand = await ownedByJobs(jobs, orphans);
  const next = answers.values();
  return blobs.map((blob) => {
    if (isYoung(blob)) return { blob, judgement: young };
    const judgement = next.next().value ?? noAnswer;
    return { blob, judgement: inHand.has(blob.name) ? owned : judgement };
  });
}

async function ownedByJobs(
  jobs: CleanupJobs,
  orphans: readonly BlobName[],
): Promise<ReadonlySet<BlobName>> {
  if (orphans.length === 0) return new Set();
  const states = await jobs.states(orphans.map(jobOf));
  return new Set(orphans.filter((_, index) => states[index] !== 'absent'));
}

function jobOf(blob: BlobName): CleanupJob {
  return { kind: 'reclaim-blob', blob };
}

/** Up to the orphan that fills the room. */
function thoseWithRoom(judged: readonly JudgedBlob[], room: SweepRoom): readonly JudgedBlob[] {
  const taken: JudgedBlob[] = [];
  let { orphans, bytes } = room;
  for (const one of judged) {
    if (orphans <= 0 || bytes <= 0) break;
    if (isOrphan(one)) [orphans, bytes] = [orphans - 1, bytes - one.blob.size];
    taken.push(one);
  }
  return taken;
}

function isOrphan({ judgement }: JudgedBlob): boolean {
  return judgement.kind === 'orphan';
}

/** One for each fate and usecase: most blobs of a page share both. */
function sumsOf(judged: readonly JudgedBlob[]): readonly SweepFound[] {
  const sums = new Map<string, FateSum>();
  for (const { blob, judgement } of judged) {
    const { usecase, size } = blob;
    const which = `${judgement.kind} ${usecase}`;
    const sum = sums.get(which) ?? { usecase, kind: judgement.kind, entries: 0, bytes: 0 };
    sum.entries += 1;
    sum.bytes += size;
    sums.set(which, sum);
  }
  return Array.from(sums.values(), foundOf);
}

interface FateSum {
  readonly usecase: string;
  readonly kind: BlobJudgement['kind'];
  entries: number;
  bytes: number;
}

function foundOf({ usecase, kind, entries, bytes }: FateSum): SweepFound {
  switch (kind) {
    case 'orphan':
      return { usecase, scanned: entries, removed: entries, freedBytes: bytes };
    case 'gone':
      return { usecase, scanned: entries };
    case 'live':
    case 'owned':
    case 'young':
    case 'undecided':
      return { usecase, scanned: entries, kept: { [kind]: { entries, bytes } } };
  }
}

function undecidedOf(judged: readonly JudgedBlob[]): SweepStepOutcome['undecidedEntries'] {
  return judged.flatMap(({ blob, judgement }) =>
    judgement.kind === 'undecided' ? [{ where: blob.name, why: judgement.why }] : [],
  );
}
