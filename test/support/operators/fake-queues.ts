import {
  DomainError,
  invalid,
  type CleanupJob,
  type DeadLetter,
  type Timestamp,
} from '@holdfast/domain';
import type { CleanupQueueName, QueueStats } from '@holdfast/queue-bullmq';
import type { OperatedQueues } from '../../../services/cleanup-worker/src/operators/dependencies.js';

export interface FakeQueues extends OperatedQueues {
  /** Puts a letter behind all others. */
  add(letter: Partial<DeadLetter> & { readonly job?: CleanupJob | undefined }): DeadLetter;
  ids(): readonly string[];
  /** Letters that were put back, and when they are due. */
  readonly retried: Map<string, Timestamp | undefined>;
  readonly pausedFor: Map<CleanupQueueName, string>;
  /** Asked before anything is done; what it throws is what the call fails with. */
  before: (what: keyof OperatedQueues | keyof OperatedQueues['consumer'], id?: string) => void;
  /** How often letters were listed, and how many at most. */
  readonly listed: number[];
}

const someTime = 1_700_000_000_000 as Timestamp;

/** Dead letters as a list, in the order in which they became such. */
export function createFakeQueues(): FakeQueues {
  const letters = new Map<string, { readonly place: number; readonly letter: DeadLetter }>();
  let places = 0;

  function take(id: string): boolean {
    return letters.delete(id);
  }

  function statsOf(name: CleanupQueueName, kind: CleanupJob['kind']): QueueStats {
    const dead = [...letters.values()].filter(({ letter }) => letter.job?.kind === kind);
    const counts = { waiting: 3, delayed: 2, active: 1, deadLetters: dead.length };
    const pausedFor = fake.pausedFor.get(name);
    return { name, ...counts, oldestWaitingTime: someTime, pausedFor };
  }

  const fake: FakeQueues = {
    retried: new Map(),
    pausedFor: new Map(),
    listed: [],
    before: () => undefined,
    add(given) {
      places += 1;
      const letter = {
        id: `letter-${places}`,
        timeFirstEnqueued: someTime,
        timeLastAttempt: someTime,
        attempts: 10,
        reason: 'TIER_UNAVAILABLE',
        lastError: 'the store is down',
        ...given,
      };
      letters.set(letter.id, { place: places, letter });
      return letter;
    },
    ids: () => [...letters.keys()],
    consumer: {
      async listDeadLetters(cursor, limit) {
        fake.before('listDeadLetters');
        fake.listed.push(limit);
        if (cursor !== undefined && !/^\d+$/.test(cursor)) {
          throw invalid('INVALID_PAGE', 'page_token', cursor, 'must come from an earlier page');
        }
        const rest = [...letters.values()].filter(({ place }) => place > Number(cursor ?? 0));
        const page = rest.slice(0, limit);
        const next = rest.length > limit ? String(page.at(-1)?.place) : undefined;
        return { letters: page.map(({ letter }) => letter), next };
      },
      async findDeadLetters(ids) {
        fake.before('findDeadLetters');
        return [...new Set(ids)].flatMap((id) => letters.get(id)?.letter ?? []);
      },
      async retryDeadLetter(id, notBefore) {
        fake.before('retryDeadLetter', id);
        if (!take(id)) return 'absent';
        fake.retried.set(id, notBefore);
        return 'retried';
      },
      async discardDeadLetter(id) {
        fake.before('discardDeadLetter', id);
        return take(id) ? 'discarded' : 'absent';
      },
    },
    async stats() {
      fake.before('stats');
      return [
        statsOf('changelog-cleanup', 'settle-change'),
        statsOf('orphan-reclaim', 'reclaim-blob'),
      ];
    },
    async pause(queue, reason) {
      fake.before('pause');
      fake.pausedFor.set(queue, reason);
    },
    async resume(queue) {
      fake.before('resume');
      fake.pausedFor.delete(queue);
    },
  };
  return fake;
}

/** What a queue says when its Redis cannot be reached. */
export function queueDown(): Error {
  const why = 'connection refused at 10.0.0.1';
  return new DomainError({ code: 'TIER_UNAVAILABLE', tier: 'the cleanup queue', why });
}
