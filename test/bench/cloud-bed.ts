import { createEngine, type StorageEngine } from '@holdfast/domain';
import { createRevisionIds, nativeChecksum as checksum, systemClock } from '@holdfast/service-kit';
import { openBigtableStore, type BigtableOptions } from '@holdfast/tier-bigtable';
import { createGcsTier } from '@holdfast/tier-gcs';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { makeBigtableTable } from '../support/bigtable-table.js';
import type { CloseLater } from './cleanup-parts.js';

/** A table of the emulator and a bucket of the server that the tests have, both in processes of their own. */
export interface CloudPlaces {
  readonly table: BigtableOptions;
  readonly apiEndpoint: string;
  readonly bucket: string;
}

const bucket = 'bench';
const clock = systemClock;
const drainMsMax = 30_000;

/** Without payloads the server only counts what it is sent, and answers zeros. */
export async function startCloud(
  { keepsPayloads }: { readonly keepsPayloads: boolean },
  closeLater: CloseLater,
): Promise<CloudPlaces> {
  const script = fileURLToPath(new URL('../support/gcs/gcs-process.js', import.meta.url));
  const args = ['--bucket', bucket, ...(keepsPayloads ? [] : ['--discard-payloads'])];
  const server = spawn(process.execPath, [script, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  closeLater(async () => {
    const ended = once(server, 'exit');
    server.stdin.end();
    await ended;
  });
  const [line] = (await once(createInterface({ input: server.stdout }), 'line')) as [string];
  const { apiEndpoint } = JSON.parse(line) as { readonly apiEndpoint: string };
  return { table: await makeBigtableTable(), apiEndpoint, bucket };
}

/** The engine as a store has it by default. */
export async function openCloudEngine(
  { table, apiEndpoint, bucket: name }: CloudPlaces,
  closeLater: CloseLater,
): Promise<StorageEngine> {
  const { connections: _, ...place } = table;
  const rows = await openBigtableStore(place, { clock });
  closeLater(() => rows.close());
  const blobs = createGcsTier({ bucket: name, apiEndpoint }, { clock, checksum });
  closeLater(() => blobs.close());
  const engine = createEngine(
    {},
    {
      highVolume: rows.highVolumeTier,
      changeLog: rows.changeLog,
      longTerm: blobs,
      cleanupQueue: { enqueue: async () => undefined },
      clock,
      ids: createRevisionIds(clock),
      checksum,
      observer: { report: (event) => void process.stderr.write(`${event.kind}\n`) },
    },
  );
  closeLater(async () => void (await engine.close(drainMsMax)));
  return engine;
}
