import type { SweepRun, SweepRunId } from '@holdfast/domain';
import type { RedisClient } from './connect-redis.js';
import type { JobQueue } from './open-queue.js';
import { runScript } from './run-script.js';
import { dataOfRun } from './sweep-job-codec.js';

/* The jobs of runs that somebody has asked for. */

function jobIdOf(runId: SweepRunId): string {
  return `run-${runId}`;
}

export async function addRun(queue: JobQueue, run: SweepRun): Promise<void> {
  await queue.add(run.request.kind, dataOfRun(run), { jobId: jobIdOf(run.runId) });
}

/* BullMQ removes a job also where it is over. This removes it only while it waits. */
const removeScript = `
local removed = redis.call('LREM', KEYS[2], 1, ARGV[1]) + redis.call('LREM', KEYS[3], 1, ARGV[1])
  + redis.call('ZREM', KEYS[4], ARGV[1])
if removed > 0 then redis.call('DEL', KEYS[1], KEYS[1] .. ':logs') end
return removed`;

/** Answers whether it was waiting. */
export async function removeRun(
  client: RedisClient,
  queue: JobQueue,
  runId: SweepRunId,
): Promise<boolean> {
  const id = jobIdOf(runId);
  const keys = [id, 'wait', 'paused', 'delayed'].map((key) => queue.toKey(key));
  return Number(await runScript(client, removeScript, keys, [id])) > 0;
}
