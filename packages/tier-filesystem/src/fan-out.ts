import { ensureDirectory, syncDirectory } from './durable-directory.js';
import type { BlobPlace, Layout } from './layout.js';

/** Makes the 4096 directories that blobs are spread over, each when it is first needed. */
export interface FanOut {
  /** Resolves when the directory is there and would be after the loss of power. */
  prepare(place: BlobPlace): Promise<void>;
  /** Makes the next `prepare` look again, because the directory turned out to be missing. */
  forget(place: BlobPlace): void;
}

export function createFanOut(layout: Layout): FanOut {
  // At most one entry for each of the directories.
  const prepared = new Map<string, Promise<void>>();

  async function make(place: BlobPlace): Promise<void> {
    await ensureDirectory(place.directory);
    // Also when it was there: whoever made it may have died before its name was durable.
    await syncDirectory(layout.blobs);
  }

  return {
    prepare(place) {
      const known = prepared.get(place.fanOut);
      if (known !== undefined) return known;
      const made = make(place);
      prepared.set(place.fanOut, made);
      made.catch(() => prepared.delete(place.fanOut));
      return made;
    },
    forget(place) {
      prepared.delete(place.fanOut);
    },
  };
}
