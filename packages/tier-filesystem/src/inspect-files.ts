import type { Checksum } from '@holdfast/domain';
import type { HeaderPages } from './header-pages.js';
import { inspectFile, inspectPage, type InspectedFile } from './inspect-file.js';
import type { BlobPlace } from './layout.js';

/** What a listing says of the files in these places, in their order. */
export type InspectFiles = (places: readonly BlobPlace[]) => Promise<readonly InspectedFile[]>;

/** For fewer files no thread is started. */
const filesForThreadMin = 32;
/** Files that are looked at by themselves at a time. */
const openFilesMax = 8;

export function createInspectFiles(checksum: Checksum, pages: HeaderPages): InspectFiles {
  async function inspectFew(places: readonly BlobPlace[]): Promise<readonly InspectedFile[]> {
    const inspected: InspectedFile[] = [];
    for (let at = 0; at < places.length; at += openFilesMax) {
      const some = places.slice(at, at + openFilesMax);
      inspected.push(...(await Promise.all(some.map((place) => inspectFile(place, checksum)))));
    }
    return inspected;
  }

  /** Those whose pages could not be read at once come one by one. */
  async function inspectByPages(places: readonly BlobPlace[]): Promise<readonly InspectedFile[]> {
    const paths = places.map(({ path }) => path);
    const seen = await pages.lookAt(paths, (index, page) => {
      const place = places[index];
      return page && place && inspectPage(place, page, checksum);
    });
    const others = await inspectFew(places.filter((_, index) => seen[index] === undefined));
    const next = others.values();
    return seen.flatMap((file) => file ?? next.next().value ?? []);
  }

  return async (places) => {
    if (places.length < filesForThreadMin) return inspectFew(places);
    const groups: Promise<readonly InspectedFile[]>[] = [];
    let inspected = 0;
    while (inspected < places.length) {
      await groups.at(-pages.shares().callsAtOnce);
      const { filesPerCall } = pages.shares();
      groups.push(inspectByPages(places.slice(inspected, inspected + filesPerCall)));
      inspected += filesPerCall;
    }
    return (await Promise.all(groups)).flat();
  };
}
