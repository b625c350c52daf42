import { unreadable } from '@holdfast/domain';
import { open as openEnvironmentFile, type Database, type RootDatabase } from 'lmdb';
import { fileMode, makeDirectory, syncAncestors, syncDirectory } from './durable-directory.js';
import { toFault } from './lmdb-errors.js';
import { hasLockFile, reserveLockFile } from './lock-file.js';
import type { ResolvedLmdbOptions } from './options.js';

/** A named database of bytes by bytes, in the order of the keys' bytes. */
export type Bytes = Database<Buffer, Buffer>;

/**
 * The databases of one environment.
 *
 *    meta      `format` -> u8, the version of this layout
 *    heads     storage path -> row without payload
 *    payloads  storage path -> payload of an inline row
 *    intents   storage path -> changes that may still commit to the row
 *    changes   16-byte change id -> entry of the change log
 *
 * Heads and payloads are apart so that a head, and a listing, is read without touching a payload.
 */
export interface Environment {
  readonly root: RootDatabase<Buffer, Buffer>;
  readonly meta: Bytes;
  readonly heads: Bytes;
  readonly payloads: Bytes;
  readonly intents: Bytes;
  readonly changes: Bytes;
}

const layoutVersion = 1;
const formatKey = Buffer.from('format');
const metaName = 'meta';
const databasesMax = 8;
// Free pages are reused in the order LMDB likes, so the file may outgrow what is in use. The map is
// address space, not memory or disk; one that never has to grow spares remapping under readers.
const mapBytesPerUsedByte = 4;

// lmdb-js reads this option, though its types do not declare it.
const ownersOnly = { permissionsMode: fileMode } as const;

const bytesByBytes = { encoding: 'binary', keyEncoding: 'binary' } as const;

export async function openEnvironment(options: ResolvedLmdbOptions): Promise<Environment> {
  const { directory, readersMax } = options;
  try {
    await makeDirectory(directory);
    // The lock file is made after this, so where there is one it has been done.
    if (!(await hasLockFile(directory))) await syncAncestors(directory);
    await reserveLockFile(directory, { readersMax, mode: fileMode });
    const environment = openDatabases(options);
    await syncDirectory(directory);
    return environment;
  } catch (error) {
    throw toFault(error);
  }
}

function openDatabases({ directory, sizeBytesMax, readersMax }: ResolvedLmdbOptions): Environment {
  const root = openEnvironmentFile<Buffer, Buffer>({
    path: directory,
    noSubdir: false,
    mapSize: sizeBytesMax * mapBytesPerUsedByte,
    maxReaders: readersMax,
    maxDbs: databasesMax,
    // A commit includes its flush, so that an answer and a reader come after it.
    overlappingSync: false,
    // We do the batching ourselves, and lmdb-js would leave the rejection of its own unheard.
    eventTurnBatching: false,
    ...ownersOnly,
    ...bytesByBytes,
  });
  try {
    checkFormat(root, directory);
    return {
      root,
      meta: root.openDB(metaName, bytesByBytes),
      heads: root.openDB('heads', bytesByBytes),
      payloads: root.openDB('payloads', bytesByBytes),
      intents: root.openDB('intents', bytesByBytes),
      changes: root.openDB('changes', bytesByBytes),
    };
  } catch (error) {
    void root.close();
    throw error;
  }
}

/** Accepts an environment of this layout or an empty one, which it marks. */
function checkFormat(root: Environment['root'], directory: string): void {
  // LMDB ends a database's name with a zero byte.
  const names = Array.from(root.getKeys(), (name) => name.toString().replace(/\0$/, ''));
  const isNew = names.every((name) => name === metaName);
  const what = `LMDB environment ${directory}`;
  if (!isNew && !names.includes(metaName)) throw unreadable(what, 'it is not of this store');
  const meta = root.openDB<Buffer, Buffer>(metaName, bytesByBytes);
  root.transactionSync(() => {
    const version = meta.getBinary(formatKey)?.[0];
    if (version === layoutVersion) return;
    if (version !== undefined) throw unreadable(what, `format ${version} is not known`);
    if (!isNew) throw unreadable(what, 'its format marker is missing');
    void meta.put(formatKey, Buffer.of(layoutVersion));
  });
}

/** Writes the marker again, which changes nothing but lets LMDB reuse what the last commit freed. */
export function rewriteFormat({ meta }: Environment): void {
  void meta.put(formatKey, Buffer.of(layoutVersion));
}

/** Lets LMDB commit and flush off the event loop; `work` itself runs on it. */
export function transactIn({ root }: Environment): (work: () => void) => Promise<void> {
  return (work) => root.transaction(work);
}
