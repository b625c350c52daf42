import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { samplesOf } from './cluster-metrics.js';
import {
  freeStartPort,
  isAlive,
  runStart,
  type StartedStart,
  type StartOptions,
} from './cluster-start.js';
import { waitUntil } from './cluster-wait.js';
import { openLoaderClient } from './loader-client.js';
import { chunksOf, finishOf, MiB, randomPayload } from './loader-payloads.js';

/** A folder and ports for one start after the other. */
export interface StartBed {
  readonly folder: string;
  readonly port: number;
  start(more?: readonly string[], options?: StartOptions): StartedStart;
  /** The start ends as one that its surroundings do not let start, and says only this. */
  endsWithOneLine(start: StartedStart, line: RegExp): Promise<void>;
  /**
   * Writes a large object twice, and returns what it holds then. What it held before waits in a job
   * for the downloads that have begun, which is longer than a test takes.
   */
  replaceLarge(key: string): Promise<Buffer>;
  /** Waits until the worker says that so many jobs wait. */
  showsJobs(count: number): Promise<void>;
  close(): Promise<void>;
}

const exitCodeStartFailure = 78;
const drainSeconds = 20;

export async function createStartBed(): Promise<StartBed> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-start-'));
  const port = await freeStartPort();
  const started: StartedStart[] = [];
  return {
    folder,
    port,
    start(more = [], options = {}) {
      const own = ['--data', join(folder, 'data'), '--port', String(port)];
      const start = runStart([...own, '--drain', String(drainSeconds), ...more], options);
      started.push(start);
      return start;
    },
    async endsWithOneLine(start, line) {
      assert.deepEqual(await start.exit, { code: exitCodeStartFailure, signal: null });
      assert.match(start.output(), line);
      assert.equal(start.output().trimEnd().split('\n').length, 1, start.output());
    },
    async replaceLarge(key) {
      const client = openLoaderClient(`127.0.0.1:${port}`);
      const [before, after] = [randomPayload(2 * MiB), randomPayload(2 * MiB)];
      for (const payload of [before, after]) {
        const objectId = { usecase: 'started', key };
        await client.put({ objectId }, chunksOf(payload), finishOf(payload));
      }
      client.close();
      return after;
    },
    async showsJobs(count) {
      const what = `the worker shows ${count} jobs`;
      await waitUntil(
        what,
        () => cleanupJobs(port + 21),
        (jobs) => jobs === count,
      );
    },
    async close() {
      for (const { pid, exit } of started) {
        if (isAlive(pid)) process.kill(pid, 'SIGKILL');
        await exit;
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function cleanupJobs(httpPort: number): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${httpPort}/metrics`);
  return samplesOf(await answer.text())
    .filter(({ name }) => name === 'holdfast_cleanup_queue_jobs')
    .filter(({ labels }) => labels['queue'] === 'changelog-cleanup')
    .reduce((sum, { value }) => sum + value, 0);
}
