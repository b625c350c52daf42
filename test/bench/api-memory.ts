import type { Client, Download } from '@holdfast/client';
import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { openApiBed, type ApiBed } from './api-bed.js';
import { fresh } from './payloads.js';
import { peakOverIdle } from './process-usage.js';
import type { BenchResult } from './report.js';

const streams = 32;
const streamBytes = 1024 ** 3;
const chunkBytes = 256 * 1024;
const memoryMiBMax = 256;
/** A slow reader takes a chunk and then does something else. */
const slowReadMs = 20;
const slowReads = 500;

/** What the two services hold while much goes through them, over what they held before. */
export async function benchApiMemory(): Promise<readonly BenchResult[]> {
  const bed = await openApiBed();
  try {
    return await measure(bed);
  } finally {
    await bed.close();
  }
}

async function measure({ client, gateway, store }: ApiBed): Promise<readonly BenchResult[]> {
  const pids = [gateway.pid, store.pid];
  const chunk = randomBytes(chunkBytes);
  const each = (run: (key: string) => Promise<void>): (() => Promise<void>) => {
    const keys = Array.from({ length: streams }, (_, index) => `stream-${index}`);
    return async () => {
      await Promise.all(keys.map(run));
    };
  };
  const uploads = await peakOverIdle(
    pids,
    each(async (key) => {
      await client.put({ usecase: 'bench', key }, fresh(chunk, streamBytes / chunkBytes));
    }),
  );
  const reads = await peakOverIdle(
    pids,
    each((key) => readSlowly(client, key)),
  );
  for (let index = 0; index < streams; index += 1) {
    await client.delete({ usecase: 'bench', key: `stream-${index}` });
  }
  return [
    ...results(`${streams} uploads of 1 GiB at once`, uploads),
    ...results(`${streams} slow readers of 1 GiB at once`, reads),
  ];
}

async function readSlowly(client: Client, key: string): Promise<void> {
  const { body }: Download = await client.get({ usecase: 'bench', key });
  let reads = 0;
  for await (const bytes of body) {
    reads += bytes.length > 0 ? 1 : 0;
    if (reads === slowReads) break;
    await pause(slowReadMs);
  }
}

/** Compared to what it may take. */
function results(name: string, [ofGateway = 0, ofStore = 0]: readonly number[]): BenchResult[] {
  const result = (who: string, value: number): BenchResult => {
    const ratio = value / memoryMiBMax;
    return { name: `${name}: ${who} over idle`, value, baseline: memoryMiBMax, ratio, unit: 'MiB' };
  };
  return [result('gateway', ofGateway), result('store', ofStore)];
}
