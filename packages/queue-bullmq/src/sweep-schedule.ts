import { assert, sweepKinds, type SweepKind } from '@holdfast/domain';
import type { RedisClient } from './connect-redis.js';
import type { JobQueue } from './open-queue.js';
import { scheduledData } from './sweep-job-codec.js';

/* BullMQ's job schedulers of the queue `sweep`: one for each kind, by whose name it goes. */

interface Scheduler {
  readonly everyMs: number;
  /** When its next job is due, which names that job. */
  readonly next: string;
}

/**
 * Has a job of the kind every so often, from now on. Where it is so already nothing changes. One whose
 * interval changes counts it from its last job, which may be over by now; a job that is due stays so.
 */
export async function scheduleSweeps(
  client: RedisClient,
  queue: JobQueue,
  kind: SweepKind,
  everyMs: number,
): Promise<void> {
  assert(Number.isSafeInteger(everyMs) && everyMs >= 1, 'an interval is a whole number from 1 on');
  const found = await findScheduler(client, queue, kind);
  const isSame = found?.everyMs === everyMs;
  if (isSame && (await client.exists(queue.toKey(`repeat:${kind}:${found.next}`))) === 1) return;
  const start = found === undefined || isSame ? {} : startOf(found, everyMs);
  const template = { name: kind, data: scheduledData };
  await queue.upsertJobScheduler(kind, { every: everyMs, ...start }, template);
}

/** Removes one whose next job is too late, as if there were none. */
async function findScheduler(
  client: RedisClient,
  queue: JobQueue,
  kind: SweepKind,
): Promise<Scheduler | undefined> {
  const found = await readScheduler(client, queue, kind);
  if (found === undefined || !isTooLate(found)) return found;
  await queue.removeJobScheduler(kind);
  return undefined;
}

/** A clock that was ahead, and is not any more, would have left nothing due for as long as it was. */
function isTooLate({ everyMs, next }: Scheduler): boolean {
  return Number(next) > Date.now() + everyMs;
}

/** Without it BullMQ would have a job at once, and take the old place within the interval for the new. */
function startOf({ everyMs, next }: Scheduler, newMs: number) {
  // As all of BullMQ's times of jobs, by the clock of this machine.
  const now = Date.now();
  const isDue = Number(next) <= now;
  const due = isDue ? now : Math.max(now, Number(next) - everyMs + newMs);
  // BullMQ keeps what it had where this is 0.
  return { startDate: due, offset: Math.max(1, due % newMs) };
}

/** How often there are jobs of each kind that has any. */
export async function readSchedule(
  client: RedisClient,
  queue: JobQueue,
): Promise<ReadonlyMap<SweepKind, number>> {
  const found = await Promise.all(
    sweepKinds.map(async (kind) => [kind, await readScheduler(client, queue, kind)] as const),
  );
  const intervals = new Map<SweepKind, number>();
  for (const [kind, scheduler] of found) {
    if (scheduler !== undefined) intervals.set(kind, scheduler.everyMs);
  }
  return intervals;
}

/** `undefined` where there is none, or one that has no interval. */
async function readScheduler(
  client: RedisClient,
  queue: JobQueue,
  kind: SweepKind,
): Promise<Scheduler | undefined> {
  const [next, every] = await Promise.all([
    client.zscore(queue.toKey('repeat'), kind),
    client.hget(queue.toKey(`repeat:${kind}`), 'every'),
  ]);
  const everyMs = Number(every ?? 0);
  if (next === null || !Number.isSafeInteger(everyMs) || everyMs < 1) return undefined;
  return { everyMs, next };
}

/** Has one more job of the kind at once: while one of these runs, as soon as that one has ended. */
export async function addNextSweep(queue: JobQueue, kind: SweepKind): Promise<void> {
  await queue.add(kind, scheduledData, {
    deduplication: { id: `continue-${kind}`, keepLastIfActive: true },
  });
}
