import { readFile } from 'node:fs/promises';

/** The most memory that a process has had since it was started, in bytes. */
export async function peakMemory(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(status) ?? [];
  if (kibibytes === undefined) throw new Error(`process ${pid} does not tell its memory`);
  return Number(kibibytes) * 1_024;
}
