import { limits } from '@holdfast/domain';
import { redisChecks } from '@holdfast/queue-bullmq';
import {
  byteSize,
  commonSettings,
  durationMs,
  loadSettings,
  redisSettings,
} from '@holdfast/service-kit';
import { bootstrapSettings, storageSettings, withEmulatorOf } from '@holdfast/storage';
import { z } from 'zod';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
const mebibyte = 1024 * 1024;

const engine = z.strictObject({
  /** Payloads of at most this size are kept in their rows. */
  inlineThresholdBytes: byteSize({ bytesMax: limits.inlineThresholdBytes }).default(
    limits.inlineThresholdBytes,
  ),
  objectBytesMax: byteSize({
    bytesMin: limits.inlineThresholdBytes,
    bytesMax: limits.objectBytesMax,
  }).default(limits.objectBytesMax),
  /** How long a replaced payload stays for the downloads that have begun. */
  readerGraceMs: durationMs({ msMax: day }).default(limits.readerGraceMs),
  /** How long a write that shows no progress is presumed to be at work. */
  changeDeadlineMs: durationMs({ msMin: second, msMax: day }).default(limits.changeDeadlineMs),
});

const serverLimits = z.strictObject({
  /** Operations that run at once. */
  inFlightMax: z.int().min(1).max(100_000).default(500),
  /** Operations that wait for one of those to end. */
  queueMax: z.int().min(0).max(100_000).default(500),
  /** How long they wait before they are refused. */
  waitMsMax: durationMs({ msMin: 1, msMax: minute }).default(second),
  /** The part of `inFlightMax` that batches may take. */
  bulkShare: z.number().gt(0).max(1).default(0.6),
  connectionsMax: z.int().min(1).max(100_000).default(1_000),
  /** Payload bytes held in all. Beyond it streams wait. */
  payloadBytesMax: byteSize({ bytesMin: 8 * mebibyte }).default(256 * mebibyte),
  /**
   * A stream on which no byte moves for so long is ended. Longer than the gateway's: a gateway passes
   * on whole messages, and those of a slow caller take their time. It looks after its callers itself.
   */
  stallMsMax: durationMs({ msMin: second }).default(10 * minute),
});

/** What cleans up in this process where no queue is named. */
const cleanup = z.strictObject({
  /** Replaced payloads that wait for their time to go. What is more waits on the change log. */
  jobsMax: z.int().min(1).max(1_000_000).default(100_000),
  concurrency: z.int().min(1).max(64).default(4),
  /** How often it is looked whether the time of one has come. */
  checkMs: durationMs({ msMin: 10, msMax: minute }).default(second),
});

const maintenance = z.strictObject({
  /** How often changes are looked for whose writers are gone, or whose jobs are lost. */
  recoverEveryMs: durationMs({ msMin: second }).default(minute),
  /** How often rows are looked for whose objects have expired. */
  expireEveryMs: durationMs({ msMin: second }).default(hour),
  /** How often payloads are looked for that nothing names. */
  reclaimEveryMs: durationMs({ msMin: second }).default(day),
  /** How often the remains of broken uploads are looked for. */
  removeAbandonedEveryMs: durationMs({ msMin: second }).default(day),
  /** One of these duties goes on for so long at most; what it leaves is for its next run. */
  runMsMax: durationMs({ msMin: second }).default(10 * minute),
});

const schema = z.strictObject({
  ...commonSettings({ listen: 7110, http: 7111 }),
  storage: storageSettings.prefault({}),
  bootstrap: bootstrapSettings.prefault({}),
  engine: engine.prefault({}),
  limits: serverLimits.prefault({}),
  /** Where cleanup is queued for workers. Missing: this process does it by itself. */
  queue: redisSettings(redisChecks).optional(),
  cleanup: cleanup.prefault({}),
  maintenance: maintenance.prefault({}),
});

export type Settings = z.output<typeof schema>;

/** The settings of this process, or a `StartupError` that says what is wrong with them. */
export function readSettings(
  argv: readonly string[] = process.argv.slice(2),
  env: NodeJS.ProcessEnv = process.env,
): Settings {
  const settings = loadSettings(schema, { argv, env });
  return { ...settings, storage: withEmulatorOf(env, settings.storage) };
}

/** What Node takes when nobody says anything. */
const fileThreadsDefault = 4;

/** How many threads read and write files. It is fixed before any of this runs. */
export function readFileThreads(env: NodeJS.ProcessEnv = process.env): number {
  return Number(env['UV_THREADPOOL_SIZE'] ?? fileThreadsDefault);
}
