import type { Cluster } from './cluster.js';
import type { LoaderClient } from './loader-client.js';
import type { ListAnswer } from './loader-messages.js';

/** Where a blob is that is there. */
export async function fileOf(cluster: Pick<Cluster, 'payloads'>, blob: string): Promise<string> {
  const found = (await cluster.payloads()).find(({ name }) => name === blob);
  if (found === undefined) throw new Error(`${blob} is not on disk`);
  return found.file;
}

/** The blobs that the rows of these usecases name: those of objects larger than the threshold. */
export async function namedBlobs(
  store: LoaderClient,
  usecases: readonly string[],
  thresholdBytes: number,
): Promise<Set<string>> {
  const names = new Set<string>();
  for (const usecase of usecases) {
    let pageToken: string | undefined;
    do {
      const page: ListAnswer = await store.unary<ListAnswer>(['object', 'ListObjects'], {
        usecase,
        pageSize: 1_000,
        ...(pageToken === undefined ? {} : { pageToken }),
      });
      for (const { objectId, revision, size = 0 } of page.objects ?? []) {
        if (size > thresholdBytes) names.add(`${usecase}/objects/${objectId.key}/${revision}`);
      }
      pageToken = page.nextPageToken;
    } while (pageToken !== undefined && pageToken !== '');
  }
  return names;
}
