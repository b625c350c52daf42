import { queuesDefaults, redisChecks } from '@holdfast/queue-bullmq';
import {
  commonSettings,
  durationMs,
  loadSettings,
  redisSettings,
  storeSettings,
} from '@holdfast/service-kit';
import { z } from 'zod';
import { dashboardSettings } from './dashboard/dashboard-settings.js';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

const tieredStore = z.strictObject({
  ...storeSettings(),
  /** For a call to be answered. */
  callMs: durationMs({ msMin: second, msMax: 5 * minute }).default(20 * second),
});

/** Of all workers together. 0: as many as they can. */
function perSecondMax(perSecondDefault: number) {
  return z.int().min(0).max(1_000_000).default(perSecondDefault);
}

const cleaning = z
  .strictObject({
    /** Jobs of one queue that run here at once. */
    concurrency: z.int().min(1).max(1_000).default(50),
    /** Jobs that share a call to the tiered store, which leaves out what is too long for one call. */
    batchMax: z.int().min(1).max(250).default(100),
    /** How often a job is tried before it becomes a dead letter. */
    attemptsMax: z.int().min(1).max(1_000).default(queuesDefaults.attemptsMax),
    /** The longest wait after the first failure; it doubles with each further one. */
    backoffMs: durationMs({ msMin: 10, msMax: hour }).default(queuesDefaults.backoffMs),
    backoffMsMax: durationMs({ msMin: 10, msMax: 24 * hour }).default(queuesDefaults.backoffMsMax),
    /** How long jobs of a worker that died stay with it at most. */
    claimMs: durationMs({ msMin: second, msMax: hour }).default(queuesDefaults.claimMs),
    /**
     * Each job deletes a blob or two, and object storage takes about 1,000 deletes a second at first. The
     * two share that.
     */
    settlesPerSecondMax: perSecondMax(800),
    reclaimsPerSecondMax: perSecondMax(200),
    /** Jobs done that the dashboard can show, of each queue. */
    completedMax: z.int().min(0).max(1_000_000).default(queuesDefaults.completedMax),
    /** Dead letters kept, of each queue. Beyond them the oldest go; their changes stay on the log. */
    deadLettersMax: z.int().min(1).max(10_000_000).default(queuesDefaults.deadLettersMax),
  })
  .refine(({ backoffMs, backoffMsMax }) => backoffMs <= backoffMsMax, {
    error: 'backoffMs must not be above backoffMsMax',
  });

/** No further jobs are taken while what they need is unwell. */
const breaker = z
  .strictObject({
    /** Calls in a row that no store took. */
    callsMin: z.int().min(1).max(1_000).default(3),
    /**
     * Changes and blobs that failed because a tier is unwell, and more than did not. Two are enough where
     * nothing went well of late.
     */
    failedMin: z.int().min(2).max(50).default(5),
    /** The first wait; it doubles until things are well again. */
    openMs: durationMs({ msMin: 10, msMax: hour }).default(5 * second),
    openMsMax: durationMs({ msMin: 10, msMax: hour }).default(2 * minute),
    /** Jobs that run at once, to see whether they are. */
    probesMax: z.int().min(1).max(1_000).default(5),
  })
  .refine(({ openMs, openMsMax }) => openMs <= openMsMax, {
    error: 'openMs must not be above openMsMax',
  });

const schema = z.strictObject({
  ...commonSettings({ listen: 7120, http: 7121 }),
  tieredStore: tieredStore.prefault({}),
  /** Required. What is prefaulted is no URL, so that its lack is told by its full name. */
  queue: redisSettings(redisChecks).prefault({ url: '' }),
  cleaning: cleaning.prefault({}),
  breaker: breaker.prefault({}),
  /** Bytes that nothing refers to and that are still on disk. */
  orphanBytes: z
    .strictObject({
      /**
       * How often they are counted, which looks at all that waits to be cleaned. Less often where a count
       * takes long: between two there is at least four times as long as the last one took.
       */
      everyMs: durationMs({ msMin: second, msMax: 24 * hour }).default(30 * second),
    })
    .prefault({}),
  dashboard: dashboardSettings().prefault({}),
});

export type Settings = z.output<typeof schema>;
export type TieredStoreSettings = Settings['tieredStore'];

/** The settings of this process, or a `StartupError` that says what is wrong with them. */
export function readSettings(
  argv: readonly string[] = process.argv.slice(2),
  env: NodeJS.ProcessEnv = process.env,
): Settings {
  return loadSettings(schema, { argv, env });
}
