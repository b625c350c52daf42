import assert from 'node:assert/strict';
import { usecase } from './cleanup-writes.js';
import type { LoaderClient } from './loader-client.js';
import type { BatchAnswer, MetadataMessage } from './loader-messages.js';

const operationsMax = 1_000;

/** Stores small objects, many at once, which hold their keys. */
export async function putRows(
  { openBatch }: Pick<LoaderClient, 'openBatch'>,
  keys: readonly string[],
  metadata: MetadataMessage = {},
): Promise<void> {
  for (let at = 0; at < keys.length; at += operationsMax) {
    const some = keys.slice(at, at + operationsMax);
    const call = openBatch();
    const operations = some.map((key, index) => {
      const header = { objectId: { usecase, key }, metadata };
      return { index, put: { header, payload: Buffer.from(key) } };
    });
    call.write({ operations });
    call.end();
    let stored = 0;
    for await (const { results = [] } of call as AsyncIterable<BatchAnswer>) {
      for (const { error } of results) assert.equal(error, undefined, JSON.stringify(error));
      stored += results.length;
    }
    assert.equal(stored, some.length);
  }
}
