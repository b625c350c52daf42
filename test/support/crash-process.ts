import assert from 'node:assert/strict';
import { startChild, type Child } from './child-process.js';
import { operationsPerKeyMax, type CrashLine, type CrashWork } from './crash-child.js';
import type { SentOperation } from './crash-history.js';

type GivenWork = Pick<CrashWork, 'settings' | 'first'>;

const file = new URL('crash-child.ts', import.meta.url);
const linesBeforeCrashMax = 400;

/** Lets a process work until it has said so many lines, and kills it in the middle of the next. */
export async function runUntilKilled(given: GivenWork): Promise<readonly SentOperation[]> {
  const child = start({ ...given, operationsPerKey: operationsPerKeyMax, commitDelayMsMax: 0 });
  const sent = new Map<number, SentOperation>();
  const lines = 1 + Math.floor(Math.random() * linesBeforeCrashMax);
  for (let count = 0; count < lines; count += 1) {
    const line = await child.nextLine();
    if (line === undefined) break;
    note(sent, line);
  }
  await child.kill();
  // What it said before it died counts. A line may be cut off: that operation never began.
  await noteRest(child, sent);
  return [...sent.values()];
}

/** Lets a process do all of its work. */
export async function runToEnd(work: CrashWork): Promise<readonly SentOperation[]> {
  const sent = new Map<number, SentOperation>();
  await noteRest(start(work), sent);
  return [...sent.values()];
}

function start(work: CrashWork): Child {
  return startChild(file, [JSON.stringify(work)]);
}

async function noteRest(child: Child, sent: Map<number, SentOperation>): Promise<void> {
  for (;;) {
    const line = await child.nextLine();
    if (line === undefined) return;
    if (line.endsWith('}')) note(sent, line);
  }
}

function note(sent: Map<number, SentOperation>, text: string): void {
  const line = JSON.parse(text) as CrashLine;
  if ('begin' in line) {
    const { begin: number, key, action, at: invoked } = line;
    sent.set(number, { number, key, action, invoked, returned: Infinity, result: 'unknown' });
    return;
  }
  const operation = sent.get(line.end);
  assert(operation !== undefined, 'an operation ends that never began');
  operation.result = line.result;
  operation.returned = line.at;
}
