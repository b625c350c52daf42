import type { ListedBlob } from '@holdfast/domain';

/**
 * What listings have just told of blobs. Whoever lists blobs asks about the same ones next, and a blob
 * never changes: so it need not be read twice for a question.
 */
export interface ListedBlobs {
  remember(blobs: readonly ListedBlob[]): void;
  /** Once: who asks again wants to know how it is now. */
  take(blob: string): ListedBlob | undefined;
}

/** Of so many callers, each with a page that it asks about and one that it lists meanwhile. */
const pagesMax = 8;
/** Who is left out is read again. */
const blobsPerPageMax = 250;

/**
 * A map for each page, which goes as a whole. One map for all would be made anew over and over, and each
 * of them would keep the next alive once the first has become long-lived to the garbage collector.
 */
interface KnownPage {
  readonly blobs: Map<string, ListedBlob | undefined>;
  left: number;
}

export function createListedBlobs(): ListedBlobs {
  let pages: readonly KnownPage[] = [];

  return {
    remember(listed) {
      if (listed.length === 0) return;
      const blobs = new Map(listed.slice(0, blobsPerPageMax).map(knownOf));
      pages = [...pages.slice(-pagesMax + 1), { blobs, left: blobs.size }];
    },

    take(blob) {
      let found: ListedBlob | undefined;
      for (const page of pages) found = takeFrom(page, blob) ?? found;
      if (pages.some(({ left }) => left === 0)) pages = pages.filter(({ left }) => left > 0);
      return found;
    },
  };
}

function takeFrom(page: KnownPage, blob: string): ListedBlob | undefined {
  const found = page.blobs.get(blob);
  if (found === undefined) return undefined;
  // Not deleted: a map that shrinks is made anew.
  page.blobs.set(blob, undefined);
  page.left -= 1;
  return found;
}

/** No more of it than is asked for. */
function knownOf({ name, size, timeCreated }: ListedBlob): readonly [string, ListedBlob] {
  return [name, { name, size, timeCreated }];
}
