import assert from 'node:assert/strict';
import { crashKeys } from './crash-child.js';
import { checkHistory } from './crash-history.js';
import { runToEnd } from './crash-process.js';
import {
  afterDeadlines,
  checkAtRest,
  newTally,
  readAll,
  recover,
  type CrashPlace,
} from './crash-rounds.js';
import { openEngineStore } from './engine-store.js';

/** Each numbers its operations from somewhere else. */
const firstOperations = [1, 1_000_000] as const;
/** So few that every order of those of both can be tried. */
const operationsPerKey = 5;
const commitDelayMsMax = 200;

/**
 * Has two processes write the same keys while a third settles all that it finds, however young it is.
 * One order of all that they did explains what they were answered.
 */
export async function raceWithCleanup(place: CrashPlace): Promise<void> {
  const { settings } = place;
  const store = await openEngineStore(settings, afterDeadlines, { readerGraceMs: 0 });
  const tally = newTally();
  const over = new AbortController();
  const writing = Promise.all(
    firstOperations.map((first) =>
      runToEnd({ settings, first, operationsPerKey, commitDelayMsMax }),
    ),
  ).finally(() => over.abort());
  while (!over.signal.aborted) await recover(store, tally);
  const sent = (await writing).flat();
  assert.equal(sent.length, firstOperations.length * crashKeys * operationsPerKey);
  assert.ok(
    sent.some(({ result }) => result === 'no-effect'),
    'the cleanup fenced nobody',
  );
  const found = await readAll(store.engine);
  const nothing = Array.from({ length: crashKeys }, () => undefined);
  checkHistory(nothing, sent, found);
  await recover(store, tally);
  assert.deepEqual(await readAll(store.engine), found, 'recovery changed what is read');
  await checkAtRest(store, place);
  await store.close();
}
