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

function residentMiBOf(pid: number): number {
  const statm = readFileSync(`/proc/${pid}/statm`, 'utf8');
  const pageBytes = 4096;
  return (Number(statm.split(' ')[1]) * pageBytes) / MiB;
}

/** The most memory that each process holds while `run` runs, over what it held before. */
export async function peakOverIdle(
  pids: readonly number[],
  run: () => Promise<void>,
): Promise<readonly number[]> {
  const idle = pids.map(residentMiBOf);
  const peaks = [...idle];
  const sampler = setInterval(() => {
    for (const [index, pid] of pids.entries()) {
      peaks[index] = Math.max(peaks[index] ?? 0, residentMiBOf(pid));
    }
  }, sampleMs);
  try {
    await run();
  } finally {
    clearInterval(sampler);
  }
  return peaks.map((peak, index) => peak - (idle[index] ?? 0));
}
