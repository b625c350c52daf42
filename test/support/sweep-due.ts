import { waitUntil } from './cluster-wait.js';
import type { LoaderClient } from './loader-client.js';
import type { ChangesAnswer } from './loader-messages.js';

/** Waits until no change is left to its writer any more. There are no more than a page of them. */
export async function waitUntilDue(store: LoaderClient): Promise<void> {
  await waitUntil(
    'all changes are due',
    () => youngChanges(store),
    (young) => young === 0,
  );
}

async function youngChanges(store: LoaderClient): Promise<number> {
  const all = await countChanges(store, {});
  const due = await countChanges(store, { dueAt: { seconds: Math.floor(Date.now() / 1_000) } });
  return all - due;
}

async function countChanges(store: LoaderClient, more: object): Promise<number> {
  const request = { pageSize: 1_000, ...more };
  const page = await store.unary<ChangesAnswer>(['maintenance', 'ListChanges'], request);
  return page.changes?.length ?? 0;
}

/** As an operator does it who knows better than to wait for their deadlines. */
export async function settleEverything(store: LoaderClient): Promise<void> {
  const { changes = [] } = await store.unary<ChangesAnswer>(['maintenance', 'ListChanges'], {});
  const changeIds = changes.map(({ changeId }) => changeId);
  if (changeIds.length > 0) await store.unary(['maintenance', 'SettleChange'], { changeIds });
}
