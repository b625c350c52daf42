import { open as openLmdb } from 'lmdb';
import assert from 'node:assert/strict';
import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { inLanes } from './measure.js';

/*
 * The baseline of the sweep bench, as a process of its own (`ROWS BLOBS`): what anybody has to do to
 * learn whether rows name the blobs of a directory. Names of files are hashes, so every file is opened
 * for the page that its header begins with; then comes one get for its row. Nothing is checked.
 *
 * A message names the walk, and the answer says how many entries it had and how long it took:
 *
 *   blocking  calls of the system one after the other, which nothing else can run beside
 *   waiting   promises, some files at once, as in a process that has other things to do
 *   rows      the rows alone, by a cursor
 */
const [rowsDirectory = '', blobsDirectory = ''] = process.argv.slice(2);
const pageBytes = 4096;
const filesAtOnce = 16;
const nameLengthOffset = 24;
const nameOffset = 32;

const binary = { encoding: 'binary', keyEncoding: 'binary' } as const;
const root = openLmdb({ path: rowsDirectory, readOnly: true, maxDbs: 8, noSubdir: false });
const heads = root.openDB<Buffer, Buffer>('heads', binary);

/** Whether there is a row of the blob's object. */
function getRow(page: Buffer): boolean {
  const name = page.toString('utf8', nameOffset, nameOffset + page.readUInt16BE(nameLengthOffset));
  return heads.getBinaryFast(Buffer.from(name.slice(0, name.lastIndexOf('/')))) !== undefined;
}

function walkBlocking(): number {
  const page = Buffer.alloc(pageBytes);
  let entries = 0;
  for (const fanOut of readdirSync(blobsDirectory)) {
    const folder = join(blobsDirectory, fanOut);
    for (const name of readdirSync(folder)) {
      const file = openSync(`${folder}/${name}`, 'r');
      readSync(file, page, 0, pageBytes, 0);
      closeSync(file);
      getRow(page);
      entries += 1;
    }
  }
  return entries;
}

async function walkWaiting(): Promise<number> {
  const pages = Array.from({ length: filesAtOnce }, () => Buffer.alloc(pageBytes));
  let entries = 0;
  for (const fanOut of await readdir(blobsDirectory)) {
    const folder = join(blobsDirectory, fanOut);
    const names = await readdir(folder);
    entries += names.length;
    await inLanes(filesAtOnce, names.length, async (index) => {
      const page = pages.pop();
      assert(page !== undefined, 'there is a page for each lane');
      const file = await open(`${folder}/${names[index] ?? ''}`);
      await file.read(page, 0, pageBytes, 0);
      await file.close();
      getRow(page);
      pages.push(page);
    });
  }
  return entries;
}

function walkRows(): number {
  let entries = 0;
  for (const { value } of heads.getRange()) entries += value.length > 0 ? 1 : 0;
  return entries;
}

const walks = { blocking: walkBlocking, waiting: walkWaiting, rows: walkRows } as const;

export type Walk = keyof typeof walks;

export interface Walked {
  readonly entries: number;
  readonly seconds: number;
}

process.on('message', (walk: Walk) => {
  void (async () => {
    heads.resetReadTxn();
    const started = process.hrtime.bigint();
    const entries = await walks[walk]();
    const seconds = Number(process.hrtime.bigint() - started) / 1e9;
    process.send?.({ entries, seconds } satisfies Walked);
  })();
});
