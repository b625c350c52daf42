import assert from 'node:assert/strict';
import { startChild } from '../../support/child-process.js';

export interface FuzzTarget {
  readonly name: 'gateway' | 'tieredStore';
  readonly address: string;
}

/** What is sent may be too much for the HTTP/2 of whoever sends it. The services have to stand it. */
const abortsMax = 3;

/**
 * Sends so many calls from processes of their own, and answers how many of them were answered. A process
 * that Node.js itself aborts is replaced by another one, a few times.
 */
export async function sendFuzz(
  target: FuzzTarget,
  { calls, seed }: { readonly calls: number; readonly seed: number },
): Promise<number> {
  let sent = 0;
  let answered = 0;
  for (let aborts = 0; sent < calls; aborts += 1) {
    assert.ok(
      aborts <= abortsMax,
      `${aborts} processes were aborted while they sent to ${target.name}`,
    );
    const run = await runProcess(target, calls - sent, seed + aborts);
    sent += run.sent;
    answered += run.answered;
  }
  return answered;
}

interface Sent {
  readonly sent: number;
  readonly answered: number;
}

async function runProcess(
  { address, name }: FuzzTarget,
  calls: number,
  seed: number,
): Promise<Sent> {
  const main = new URL('./fuzz-process.ts', import.meta.url);
  const child = startChild(main, [address, name, String(calls), String(seed)]);
  let last: Sent = { sent: 0, answered: 0 };
  try {
    for (;;) {
      const line = await child.nextLine();
      if (line === undefined) return last;
      const [sent = Number.NaN, answered = Number.NaN] = line.split(' ').map(Number);
      last = { sent, answered };
    }
  } catch (error) {
    if ((await child.exit).signal !== 'SIGABRT') throw error;
    return last;
  } finally {
    await child.kill();
  }
}
