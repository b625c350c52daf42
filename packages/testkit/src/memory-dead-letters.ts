import {
  invalid,
  limits,
  type CleanupJob,
  type DeadLetter,
  type DeadLetterPage,
  type Timestamp,
} from '@holdfast/domain';

/** A job on its way. `attempts` counts its starts. */
export interface QueuedJob {
  readonly sequence: number;
  readonly job: CleanupJob;
  readonly timeFirstEnqueued: Timestamp;
  readonly timeLastAttempt: Timestamp;
  readonly attempts: number;
  readonly reason: string;
  readonly lastError: string;
}

/** Jobs out of attempts, in the order in which they ran out of them. */
export interface MemoryDeadLetters {
  add(failed: QueuedJob): void;
  has(job: CleanupJob): boolean;
  list(cursor: string | undefined, limit: number): DeadLetterPage;
  find(ids: readonly string[]): readonly DeadLetter[];
  /** Takes it off. */
  take(id: string): QueuedJob | undefined;
  clear(): void;
  size(): number;
}

interface Letter {
  readonly place: number;
  readonly failed: QueuedJob;
}

export function createMemoryDeadLetters(): MemoryDeadLetters {
  const letters = new Map<string, Letter>();
  let places = 0;

  return {
    add(failed) {
      places += 1;
      letters.set(keyOf(failed.job), { place: places, failed });
    },

    has: (job) => letters.has(keyOf(job)),

    list(cursor, limit) {
      const after = cursor === undefined ? 0 : parseCursor(cursor);
      // A letter that dies again gets a new entry, so they are in the order of their places.
      const rest = [...letters.values()].filter(({ place }) => place > after);
      const page = rest.slice(0, Math.min(limit, limits.pageSizeMax));
      const last = rest.length > page.length ? page.at(-1) : undefined;
      const next = last === undefined ? undefined : { next: String(last.place) };
      return { letters: page.map(letterOf), ...next };
    },

    find(ids) {
      const found = [...new Set(ids)].map((id) => letters.get(id));
      return found.filter((letter) => letter !== undefined).map(letterOf);
    },

    take(id) {
      const letter = letters.get(id);
      letters.delete(id);
      return letter?.failed;
    },

    clear: () => letters.clear(),
    size: () => letters.size,
  };
}

/** Tells a job from all others. */
export function keyOf(job: CleanupJob): string {
  switch (job.kind) {
    case 'settle-change':
      return `change ${job.changeId}`;
    case 'reclaim-blob':
      return `blob ${job.blob}`;
  }
}

function letterOf({ failed }: Letter): DeadLetter {
  const { job, timeFirstEnqueued, timeLastAttempt, attempts, reason, lastError } = failed;
  const times = { timeFirstEnqueued, timeLastAttempt };
  return { id: keyOf(job), job, ...times, attempts, reason, lastError };
}

function parseCursor(cursor: string): number {
  if (/^\d{1,15}$/.test(cursor)) return Number(cursor);
  throw invalid('INVALID_PAGE', 'page_token', cursor, 'must come from an earlier page');
}
