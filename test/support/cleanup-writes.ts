import { chunksOf, finishOf, randomPayload } from './loader-payloads.js';
import type { LoaderClient } from './loader-client.js';

export interface Written {
  readonly key: string;
  /** The blob that holds it. */
  readonly blob: string;
  readonly payload: Buffer;
}

export const usecase = 'cleaned';

const writersMax = 16;

/** Writes objects, each larger than a row may hold, so many at once as a store likes. */
export async function writeLarge(
  client: LoaderClient,
  keys: readonly string[],
  bytes: number,
): Promise<readonly Written[]> {
  return inParallel(keys, async (key) => {
    const payload = randomPayload(bytes);
    const objectId = { usecase, key };
    const answer = await client.put({ objectId }, chunksOf(payload), finishOf(payload));
    return { key, blob: `${usecase}/objects/${key}/${answer.revision}`, payload };
  });
}

export async function remove(client: LoaderClient, keys: readonly string[]): Promise<void> {
  await inParallel(keys, (key) =>
    client.unary(['object', 'DeleteObject'], { objectId: { usecase, key } }),
  );
}

/** `a-0`, `a-1`, … */
export function keysOf(name: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${name}-${index}`);
}

async function inParallel<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (let at = 0; at < items.length; at += writersMax) {
    results.push(...(await Promise.all(items.slice(at, at + writersMax).map(work))));
  }
  return results;
}
