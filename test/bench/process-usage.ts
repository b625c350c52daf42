import { readFileSync } from 'node:fs';

const sampleMs = 50;
const MiB = 1024 * 1024;
const ticksPerSecond = 100;

/** Seconds of processor time that a process has used so far, its threads included. */
export function cpuSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field is the name in brackets and may hold spaces: count from behind it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

const pageBytes = 4096;

function residentMiBOf(pid: number): number {
  const [, resident] = memoryPagesOf(pid);
  return ((resident ?? 0) * pageBytes) / MiB;
}

/** Without mapped files: of a database those are what the system can take back at any time. */
function privateMiBOf(pid: number): number {
  const [, resident, shared] = memoryPagesOf(pid);
  return (((resident ?? 0) - (shared ?? 0)) * pageBytes) / MiB;
}

function memoryPagesOf(pid: number): readonly number[] {
  return readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ').map(Number);
}

/** The most memory that each process holds while `run` runs, over what it held before. */
export function peakOverIdle(
  pids: readonly number[],
  run: () => Promise<void>,
): Promise<readonly number[]> {
  return peakOf(residentMiBOf, pids, run);
}

/** The same, of the memory that is the process's own. */
export function peakPrivateOverIdle(
  pids: readonly number[],
  run: () => Promise<void>,
): Promise<readonly number[]> {
  return peakOf(privateMiBOf, pids, run);
}

async function peakOf(
  memoryMiBOf: (pid: number) => number,
  pids: readonly number[],
  run: () => Promise<void>,
): Promise<readonly number[]> {
  const idle = pids.map(memoryMiBOf);
  const peaks = [...idle];
  const sampler = setInterval(() => {
    for (const [index, pid] of pids.entries()) {
      peaks[index] = Math.max(peaks[index] ?? 0, memoryMiBOf(pid));
    }
  }, sampleMs);
  try {
    await run();
  } finally {
    clearInterval(sampler);
  }
  return peaks.map((peak, index) => peak - (idle[index] ?? 0));
}
