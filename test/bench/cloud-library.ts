import { Bigtable } from '@google-cloud/bigtable';
import { Storage } from '@google-cloud/storage';
import assert from 'node:assert/strict';
import type { CloseLater } from './cleanup-parts.js';
import type { CloudPlaces } from './cloud-bed.js';

/** The same calls to the same places as the engine makes, by the client libraries as they are meant to be used. */
export interface LibraryStore {
  /** One conditional write. */
  put(key: string, bytes: Buffer): Promise<void>;
  get(key: string): Promise<void>;
  /** One conditional write. */
  remove(key: string): Promise<void>;
  /** An intent, a read, an entry of a log, an upload, a conditional write: none of it is left out. */
  putLarge(key: string, bytes: Buffer): Promise<void>;
  /** A read, and a download that is checked. */
  getLarge(key: string): Promise<void>;
}

const families = ['e', 'm', 'i'];
/** Where the engine looks whether there is a tombstone. */
const tombstone = [
  { family: 'm' },
  { column: 'h' },
  { value: { start: Buffer.of(1, 2), end: { value: Buffer.of(1, 3), inclusive: false } } },
];

export function openLibraryStore(
  { table: place, apiEndpoint, bucket: name }: CloudPlaces,
  closeLater: CloseLater,
): LibraryStore {
  // So the library is told that there is an emulator, and that it need not look for a cloud.
  process.env['METADATA_SERVER_DETECTION'] = 'none';
  process.env['BIGTABLE_EMULATOR_HOST'] = place.emulatorHost ?? '';
  const bigtable = new Bigtable({ projectId: place.projectId ?? '', metricsEnabled: false });
  closeLater(async () => void (await bigtable.close()));
  const table = bigtable.instance(place.instanceId).table(place.tableId);
  const bucket = new Storage({ apiEndpoint, projectId: 'bench' }).bucket(name);
  const head = Buffer.concat([Buffer.of(1, 1), Buffer.alloc(98)]);
  const clearing = { method: 'delete', data: families };

  async function write(key: string, data: object): Promise<void> {
    await table.row(`l/${key}`).filter(tombstone, { onNoMatch: [clearing, insertion(data)] });
  }

  return {
    put: (key, bytes) => write(key, { m: { h: head, p: bytes, x: head } }),
    async get(key) {
      const [row] = await table.row(`l/${key}`).get({ decode: false });
      assert(row !== undefined);
    },
    async remove(key) {
      await table.row(`l/${key}`).filter(tombstone, { onNoMatch: [clearing] });
    },
    async putLarge(key, bytes) {
      const row = table.row(`l/${key}`);
      await row.filter(tombstone, { onNoMatch: [insertion({ i: { intent: '' } })] });
      await row.get(['m:h'], { decode: false }).catch(ignoreAbsent);
      const entry = insertion({ m: { c: head, d: head } });
      await table.row(`c/${key}`).filter(tombstone, { onNoMatch: [entry] });
      const options = { resumable: false, preconditionOpts: { ifGenerationMatch: 0 } };
      await bucket.file(key).save(bytes, options);
      const content = insertion({ m: { h: head, x: head } });
      await row.filter([{ family: 'i' }, { column: 'intent' }], { onMatch: [clearing, content] });
    },
    async getLarge(key) {
      await table.row(`l/${key}`).get(['m:h'], { decode: false });
      let size = 0;
      for await (const chunk of bucket.file(key).createReadStream()) {
        size += (chunk as Buffer).length;
      }
      assert(size > 0);
    },
  };
}

function insertion(data: object): { readonly method: string; readonly data: object } {
  return { method: 'insert', data };
}

/** The library fails where there is no row. */
function ignoreAbsent(error: unknown): void {
  if (!(error instanceof Error && error.name === 'RowError')) throw error;
}
