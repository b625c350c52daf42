import {
  byteSize,
  commonSettings,
  durationMs,
  loadSettings,
  storeSettings,
} from '@holdfast/service-kit';
import { z } from 'zod';

/** Everything that can be set, with its defaults. */
const schema = z.strictObject({
  ...commonSettings({ listen: 7100, http: 7101 }),
  tieredStore: z
    .strictObject({
      ...storeSettings(),
      /** Streams that small operations share, for each address and kind of traffic. */
      streamsPerAddress: z.int().min(1).max(16).default(1),
      /** How long a call waits for a store that can be reached. */
      waitMs: durationMs({ msMax: 60_000 }).default(5_000),
    })
    .prefault({}),
  limits: z
    .strictObject({
      connectionsMax: z.int().min(1).max(100_000).default(1_000),
      /** Payload bytes held in all. Beyond it calls wait. */
      payloadBytesMax: byteSize({ bytesMin: 8 * 1_024 * 1_024 }).default(256 * 1_024 * 1_024),
      /** For a small operation whose caller set no deadline. No more than a store gives one of a batch. */
      operationMsMax: durationMs({ msMin: 1, msMax: 30_000 }).default(30_000),
      /** A stream on which no byte moves for so long is ended. */
      stallMsMax: durationMs({ msMin: 1_000 }).default(30_000),
      /** For the answer of a store that has a whole upload. */
      commitMsMax: durationMs({ msMin: 1_000 }).default(300_000),
    })
    .prefault({}),
  /** Reads that the connection to a store lost are repeated, within these bounds. */
  retries: z
    .strictObject({
      /** Of all calls. */
      share: z.number().min(0).max(1).default(0.1),
      /** Beside the share. */
      perSecond: z.number().min(0).max(1_000).default(10),
    })
    .prefault({}),
});

export type Settings = z.output<typeof schema>;

/** The settings of this process, or a `StartupError` that says what is wrong with them. */
export function readSettings(
  argv: readonly string[] = process.argv.slice(2),
  env: NodeJS.ProcessEnv = process.env,
): Settings {
  return loadSettings(schema, { argv, env });
}
