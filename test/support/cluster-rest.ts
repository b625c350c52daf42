import { metric } from './cluster-metrics.js';
import { waitUntil } from './cluster-wait.js';
import type { Cluster } from './cluster.js';
import type { LoaderClient } from './loader-client.js';
import type { BlobsAnswer, ChangesAnswer } from './loader-messages.js';

/** What a store has apart from its rows. */
export interface Leftovers {
  readonly changes: readonly string[];
  /** Complete blobs and those being written, by where they are. */
  readonly files: readonly string[];
  readonly undecided: number;
}

/**
 * Waits until no change is pending and the blobs of so many objects are all that is left of payloads.
 * `store` is a client of the tiered store itself.
 */
export async function waitForRest(
  cluster: Cluster,
  store: LoaderClient,
  blobs: number,
): Promise<void> {
  await waitUntil(
    `nothing but ${blobs} blobs is left`,
    () => leftovers(cluster, store),
    ({ changes, files, undecided }) =>
      changes.length === 0 && undecided === 0 && files.length === blobs,
  );
}

async function leftovers(cluster: Cluster, store: LoaderClient): Promise<Leftovers> {
  const page = { pageSize: 1_000 };
  const changes = await store.unary<ChangesAnswer>(['maintenance', 'ListChanges'], page);
  const blobs = await store.unary<BlobsAnswer>(['maintenance', 'ListBlobs'], page);
  return {
    changes: (changes.changes ?? []).map(({ changeId }) => changeId),
    files: (await cluster.payloads()).map(({ file }) => file),
    undecided: (changes.undecided?.length ?? 0) + (blobs.undecided?.length ?? 0),
  };
}

/** How many calls of a method run at a service. */
export function callsInFlight(service: Cluster['gateway'], method: string): Promise<number> {
  return metric(service, 'holdfast_rpc_calls_in_flight', {
    method: `holdfast.object.v1.ObjectService/${method}`,
  });
}

/** Waits until both have nothing to do any more. */
export async function waitForIdle({ gateway, tieredStore }: Cluster, method: string) {
  for (const service of [gateway, tieredStore]) {
    await waitUntil(
      `${service.name} has no ${method} in flight`,
      () => callsInFlight(service, method),
      (calls) => calls === 0,
    );
  }
}
