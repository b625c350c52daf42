import { redisChecks, type RedisOptions } from '@holdfast/queue-bullmq';
import { loadSettings, redisSettings } from '@holdfast/service-kit';
import { z } from 'zod';
import {
  storageSettings,
  withEmulatorOf,
  type StorageSettings,
} from '../settings/storage-settings.js';

/** What the bootstrap makes is described where the tiers and the queue are; this is what is left. */
export const bootstrapSettings = z.strictObject({
  /** Whether a tiered store makes sure of its storage before it serves. */
  onStart: z.boolean().default(false),
  /** Jobs of one queue that all workers together run at once. */
  jobsAtOnceMax: z.int().min(1).max(100_000).default(1_000),
});

/** The parts of a tiered store's settings that are about what is around it. Others are passed over. */
const schema = z.looseObject({
  storage: storageSettings.prefault({}),
  queue: redisSettings(redisChecks).optional(),
  bootstrap: bootstrapSettings.prefault({}),
});

export interface BootstrapPlan {
  readonly storage: StorageSettings;
  /** Missing: there is no queue. */
  readonly redis: RedisOptions | undefined;
  readonly jobsAtOnceMax: number;
}

export interface BootstrapSources {
  /** A YAML file, that of a tiered store for one. */
  readonly file: string | undefined;
  readonly env: NodeJS.ProcessEnv;
}

/** Throws a `StartupError` that says what is wrong with them. */
export function readBootstrapPlan({ file, env }: BootstrapSources): BootstrapPlan {
  const argv = file === undefined ? [] : ['--config', file];
  const { storage, queue, bootstrap } = loadSettings(schema, { argv, env });
  return {
    storage: withEmulatorOf(env, storage),
    redis: queue && { url: queue.url.reveal(), tls: queue.tls, prefix: queue.prefix },
    jobsAtOnceMax: bootstrap.jobsAtOnceMax,
  };
}
