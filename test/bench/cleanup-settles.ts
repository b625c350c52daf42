import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openCleanupBed, type CleanupBed } from './cleanup-bed.js';
import { recordCost } from './cleanup-cost.js';
import { withParts } from './cleanup-parts.js';
import { compare } from './measure.js';
import type { BenchResult } from './report.js';

const rounds = 7;
/** Enough for the first of the rounds to warm everybody up. */
const changes = 10_000;
const concurrency = 50;
const putsAtOnce = 128;
const inlineThresholdBytes = 64;
const payload = randomBytes(1_024);

/**
 * Changes that leave a blob to delete pile up while the queue is held, as many plain jobs do beside
 * them; then both are worked off, one after the other.
 */
export function benchSettles(): Promise<readonly BenchResult[]> {
  return withParts(async (closeLater) => {
    const bed = await openCleanupBed({ concurrency, inlineThresholdBytes }, closeLater);
    // What the first round replaces.
    await putAll(bed);
    const results = await measure(bed);
    assert.equal(await countBlobs(bed), changes, 'every blob that was replaced is gone');
    return results;
  });
}

async function measure(bed: CleanupBed): Promise<readonly BenchResult[]> {
  const { changes: changeJobs, plainJobs } = bed;
  const cost = recordCost(bed);
  const name = `settles, ${concurrency} at once`;
  const rate = await compare({
    name,
    unit: 'jobs/s',
    amount: changes,
    rounds,
    prepare: async () => {
      await plainJobs.hold();
      await cost.adding('plain', changes, () => plainJobs.fill(changes));
      await changeJobs.hold();
      await cost.adding('changes', changes, async () => {
        await putAll(bed);
        await changeJobs.untilPending(changes);
      });
    },
    raw: () => cost.working('plain', changes, () => plainJobs.drain()),
    ours: () => cost.working('changes', changes, () => changeJobs.drain()),
  });
  return [rate, ...cost.results(name)];
}

/** Each put replaces the blob of the one before. */
async function putAll({ client }: CleanupBed): Promise<void> {
  const puts = Array.from({ length: changes }, (_, index) => {
    const id = { usecase: 'bench', key: `object-${index}` };
    return { kind: 'put', id, body: payload } as const;
  });
  for await (const result of client.many(puts, { concurrency: putsAtOnce })) {
    if (!result.ok) throw result.error;
  }
}

/** As docs/formats.md has it. */
async function countBlobs({ blobsDirectory }: CleanupBed): Promise<number> {
  const folder = join(blobsDirectory, 'blobs');
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).length;
}
