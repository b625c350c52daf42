import { limits } from '@holdfast/domain';
import { redisChecks } from '@holdfast/queue-bullmq';
import {
  byteSize,
  commonSettings,
  durationMs,
  loadSettings,
  redisSettings,
  storeSettings,
} from '@holdfast/service-kit';
import { z } from 'zod';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
const gibibyte = 1024 ** 3;

interface DutyDefaults {
  readonly everyMs: number;
  readonly everyMsMax: number;
  readonly durationMs: number;
  /** Missing: not limited by bytes. */
  readonly bytes?: number;
}

const entriesDefault = 1_000_000;
const everyMsAllowed = { msMin: second, msMax: 30 * day };

/** When a duty runs by itself, and how far one run goes. */
function dutyFields(defaults: DutyDefaults) {
  const bytes = byteSize({ bytesMin: 1, bytesMax: limits.sweepBytesMax });
  return {
    /** Whether it runs by itself. It can be asked for in any case. */
    enabled: z.boolean().default(true),
    everyMs: durationMs(everyMsAllowed).default(defaults.everyMs),
    /** It comes half as often after each run that finds nothing to do, up to this. */
    everyMsMax: durationMs(everyMsAllowed).default(defaults.everyMsMax),
    /** A run that ends at it goes on at once in another one, except for verifying. */
    limit: z
      .strictObject({
        entries: z.int().min(1).max(limits.sweepEntriesMax).default(entriesDefault),
        durationMs: durationMs({ msMin: 1, msMax: limits.sweepDurationMsMax }).default(
          defaults.durationMs,
        ),
        /** Freed or read, depending on the duty. Missing: not limited. */
        bytes: defaults.bytes === undefined ? bytes.optional() : bytes.default(defaults.bytes),
      })
      .prefault({}),
  };
}

interface Intervals {
  readonly everyMs: number;
  readonly everyMsMax: number;
}

function areInOrder({ everyMs, everyMsMax }: Intervals): boolean {
  return everyMs <= everyMsMax;
}

const wrongOrder = { error: 'everyMs must not be above everyMsMax' };

const minutely = { everyMs: 5 * minute, everyMsMax: 30 * minute, durationMs: 10 * minute };
const hourly = { everyMs: hour, everyMsMax: 6 * hour, durationMs: hour };
/** Its limit is its rate. */
const verifying = { everyMs: 10 * minute, everyMsMax: hour, durationMs: 5 * minute };

const duties = z.strictObject({
  recoverChanges: z.strictObject(dutyFields(minutely)).refine(areInOrder, wrongOrder).prefault({}),
  reclaimOrphans: z
    .strictObject({
      ...dutyFields(hourly),
      /** Younger blobs are left alone. */
      ageMsMin: durationMs({ msMax: 365 * day }).default(limits.orphanAgeMsMin),
      /** One run hands no more to the queue. The next one comes when it is due. */
      orphansMax: z.int().min(1).max(limits.sweepEntriesMax).default(limits.orphansPerRunMax),
    })
    .refine(areInOrder, wrongOrder)
    .prefault({}),
  expireObjects: z.strictObject(dutyFields(minutely)).refine(areInOrder, wrongOrder).prefault({}),
  verifyObjects: z
    .strictObject(dutyFields({ ...verifying, bytes: gibibyte }))
    .refine(areInOrder, wrongOrder)
    .prefault({}),
});

const runs = z.strictObject({
  /** How long a run is held for one that says nothing. Then another sweeper goes on with it. */
  leaseMs: durationMs({ msMin: second, msMax: hour }).default(30 * second),
  /** A run works for this share of the time, so that the store has the rest for others. */
  busyShare: z.number().min(0.01).max(1).default(0.5),
  /** Orphans are not looked for while the clocks of store and sweeper are further apart. */
  skewMsMax: durationMs({ msMax: day }).default(limits.clockSkewMsMax),
  /** How long jobs of a sweeper that died stay with it at most. */
  claimMs: durationMs({ msMin: second, msMax: hour }).default(30 * second),
  /** Jobs done, and jobs that failed, that the dashboard can show. */
  completedMax: z.int().min(0).max(100_000).default(1_000),
  failedMax: z.int().min(1).max(100_000).default(1_000),
});

const schema = z.strictObject({
  ...commonSettings({ listen: 7130, http: 7131 }),
  tieredStore: z
    .strictObject({
      ...storeSettings(),
      /** For a call to be answered, beside the time that it is asked to work. */
      callMs: durationMs({ msMin: second, msMax: 5 * minute }).default(20 * second),
    })
    .prefault({}),
  /** Required. What is prefaulted is no URL, so that its lack is told by its full name. */
  queue: redisSettings(redisChecks).prefault({ url: '' }),
  duties: duties.prefault({}),
  runs: runs.prefault({}),
});

export type Settings = z.output<typeof schema>;

/** The settings of this process, or a `StartupError` that says what is wrong with them. */
export function readSettings(
  argv: readonly string[] = process.argv.slice(2),
  env: NodeJS.ProcessEnv = process.env,
): Settings {
  return loadSettings(schema, { argv, env });
}
