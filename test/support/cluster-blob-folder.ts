import { open, readdir, utimes, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { PayloadPlace, StoredPayload } from './cluster-storage.js';

/** Longer than a store takes an upload for one that may still go on. */
const brokenAgeMs = 24 * 3_600_000;

/** As docs/formats.md describes the header of a blob file. */
const payloadLengthAt = 16;
const nameLengthAt = 24;
const nameAt = 32;
const headerBytesMin = 4_096;
const magic = Buffer.from('894846424c4f420a', 'hex');

/** As docs/formats.md has it: complete blobs under `blobs`, those being written under `tmp`. */
export function openBlobFolder(directory: string): PayloadPlace {
  const [complete, incomplete] = [join(directory, 'blobs'), join(directory, 'tmp')];
  return {
    settings: { kind: 'filesystem', directory },
    async payloads() {
      const files = [...(await filesBelow(complete)), ...(await filesBelow(incomplete))];
      const found: StoredPayload[] = [];
      for (const file of files) {
        const handle = await open(file).catch(() => undefined);
        // It went while we were looking.
        if (handle === undefined) continue;
        try {
          found.push(await describeFile(file, handle));
        } finally {
          await handle.close();
        }
      }
      return found;
    },
    async ageBrokenUploads() {
      const then = new Date(Date.now() - brokenAgeMs);
      for (const file of await filesBelow(incomplete)) await utimes(file, then, then);
    },
    close: async () => undefined,
  };
}

async function describeFile(file: string, handle: FileHandle): Promise<StoredPayload> {
  const header = Buffer.alloc(headerBytesMin);
  await handle.read(header, 0, header.length, 0);
  if (!header.subarray(0, magic.length).equals(magic)) {
    const { size } = await handle.stat();
    return { file, name: undefined, usecase: '', bytes: size };
  }
  const name = header.toString('utf8', nameAt, nameAt + header.readUInt16BE(nameLengthAt));
  const bytes = Number(header.readBigUInt64BE(payloadLengthAt));
  return { file, name, usecase: name.slice(0, name.indexOf('/')), bytes };
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
}
