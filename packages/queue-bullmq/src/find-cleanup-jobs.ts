import { assert, type CleanupJob, type CleanupJobs, type CleanupJobState } from '@holdfast/domain';
import { QueueKeys } from 'bullmq';
import type { AskRedis } from './ask-redis.js';
import type { RedisClient } from './connect-redis.js';
import { encodeJob } from './job-codec.js';
import type { CleanupQueueName } from './queue-names.js';
import { readList, readOneOf } from './read-json.js';
import { runScript } from './run-script.js';

/*
 * BullMQ keeps what waits and what runs in lists, which take long to search. A job that exists and has not
 * ended is in one of them: every script that moves a job moves it as a whole.
 */
const script = `
local states = {}
for i = 2, #ARGV do
  if redis.call('EXISTS', ARGV[1] .. ARGV[i]) == 0 then
    states[i - 1] = 'absent'
  elseif redis.call('ZSCORE', KEYS[1], ARGV[i]) then
    states[i - 1] = 'absent'
  elseif redis.call('ZSCORE', KEYS[2], ARGV[i]) then
    states[i - 1] = 'dead-letter'
  else
    states[i - 1] = 'queued'
  end
end
return states`;

/** Jobs looked for in one piece: more of them would hold up everybody else who asks Redis. */
const bulkMax = 250;

export interface FindJobsDependencies {
  readonly client: RedisClient;
  readonly ask: AskRedis;
  readonly prefix: string;
}

const readState = readOneOf<CleanupJobState>(['queued', 'dead-letter', 'absent']);

/** One that is done and still shown is absent. */
export function createCleanupJobs({ client, ask, prefix }: FindJobsDependencies): CleanupJobs {
  const queueKeys = new QueueKeys(prefix);

  async function find(
    name: CleanupQueueName,
    ids: readonly string[],
  ): Promise<readonly CleanupJobState[]> {
    const toKey = (what: string): string => queueKeys.toKey(name, what);
    const keys = [toKey('completed'), toKey('failed')];
    const answer = await runScript(client, script, keys, [toKey(''), ...ids]);
    return readList(answer, readState, ids.length);
  }

  async function findSome(jobs: readonly CleanupJob[]): Promise<readonly CleanupJobState[]> {
    const encoded = jobs.map(encodeJob);
    const states = new Map<string, CleanupJobState>();
    for (const name of new Set(encoded.map(({ queue }) => queue))) {
      const ids = encoded.filter(({ queue }) => queue === name).map(({ id }) => id);
      const found = await find(name, ids);
      for (const [index, state] of found.entries()) states.set(ids[index] ?? '', state);
    }
    return encoded.map(({ id }) => {
      const state = states.get(id);
      assert(state !== undefined, 'the script answers a state for each job');
      return state;
    });
  }

  return {
    async states(jobs) {
      const states: CleanupJobState[] = [];
      for (let at = 0; at < jobs.length; at += bulkMax) {
        states.push(...(await ask(() => findSome(jobs.slice(at, at + bulkMax)))));
      }
      return states;
    },
  };
}
