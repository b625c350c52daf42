import type { BlobPage, Checksum, LongTermTier } from '@holdfast/domain';

/** An empty tier, and what a test must see of its storage that the port does not show. */
export interface LongTermTierFixture {
  readonly tier: LongTermTier;
  readonly checksum: Checksum;
  /** What is in the storage besides whole blobs, such as parts of uploads. */
  leftovers(): Promise<readonly string[]>;
  /** How many payloads hold resources: a file, a connection. */
  openReaders(): Promise<number>;
  /** Puts something into the storage that is no blob of ours. */
  addForeign(): Promise<void>;
  close(): Promise<void>;
}

/** All pages from the first to the last. `between` runs after each page but the last. */
export async function listPages(
  tier: LongTermTier,
  limit: number,
  between: () => Promise<void> = async () => undefined,
): Promise<BlobPage[]> {
  const pages: BlobPage[] = [];
  let cursor: string | undefined;
  do {
    const page = await tier.list(cursor, limit);
    pages.push(page);
    cursor = page.next;
    if (cursor !== undefined) await between();
  } while (cursor !== undefined);
  return pages;
}
