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
  readonly attempts: number;
  readonly lastError: string;
}

/** Jobs out of attempts, in the order of their first enqueuing. */
export interface MemoryDeadLetters {
  add(failed: QueuedJob): void;
  list(cursor: string | undefined, limit: number): DeadLetterPage;
  retry(id: string): 'retried' | 'absent';
  discard(id: string): 'discarded' | 'absent';
  clear(): void;
  size(): number;
}

export function createMemoryDeadLetters(requeue: (dead: QueuedJob) => void): MemoryDeadLetters {
  const letters = new Map<string, QueuedJob>();

  function take(id: string): QueuedJob | undefined {
    const letter = letters.get(id);
    letters.delete(id);
    return letter;
  }

  return {
    add(failed) {
      letters.set(String(failed.sequence), failed);
    },

    list(cursor, limit) {
      const after = cursor === undefined ? undefined : parseCursor(cursor);
      const ordered = [...letters.values()].toSorted(byTimeFirstEnqueued);
      const rest = ordered.filter((letter) => after === undefined || isBehind(letter, after));
      const page = rest.slice(0, Math.min(limit, limits.pageSizeMax));
      const last = rest.length > page.length ? page.at(-1) : undefined;
      const next = last === undefined ? undefined : { next: cursorOf(last) };
      return { letters: page.map(letterOf), ...next };
    },

    retry(id) {
      const letter = take(id);
      if (letter === undefined) return 'absent';
      requeue(letter);
      return 'retried';
    },

    discard: (id) => (take(id) === undefined ? 'absent' : 'discarded'),
    clear: () => letters.clear(),
    size: () => letters.size,
  };
}

function letterOf({
  sequence,
  job,
  timeFirstEnqueued,
  attempts,
  lastError,
}: QueuedJob): DeadLetter {
  return { id: String(sequence), job, timeFirstEnqueued, attempts, lastError };
}

interface Position {
  readonly timeFirstEnqueued: number;
  readonly sequence: number;
}

function byTimeFirstEnqueued(left: Position, right: Position): number {
  return left.timeFirstEnqueued - right.timeFirstEnqueued || left.sequence - right.sequence;
}

function isBehind(letter: Position, after: Position): boolean {
  return byTimeFirstEnqueued(letter, after) > 0;
}

function cursorOf({ timeFirstEnqueued, sequence }: QueuedJob): string {
  return `${timeFirstEnqueued}.${sequence}`;
}

function parseCursor(cursor: string): Position {
  const [, time, sequence] = /^(\d{1,16})\.(\d{1,16})$/.exec(cursor) ?? [];
  if (time !== undefined && sequence !== undefined) {
    return { timeFirstEnqueued: Number(time), sequence: Number(sequence) };
  }
  throw invalid('INVALID_PAGE', 'page_token', cursor, 'must come from an earlier page');
}
