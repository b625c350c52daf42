import { link, open, readFile, readdir, unlink } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { ensureDirectory, ensurePath, fileMode, syncDirectory } from './durable-directory.js';
import { hasErrno, unavailable, unlessMissing, unreadable } from './errors.js';
import { layoutOf, newTemporary, rootEntries, type Layout } from './layout.js';
import { writeFully } from './payload-writer.js';

const formatText = 'holdfast blobs, format 1\n';
const formatBytesShown = 60;

/**
 * Opens a store's directory, and makes it where there is none. Several processes may do so at once.
 * Throws `UNREADABLE` for a directory of another format or of something else, `TIER_UNAVAILABLE` for
 * one that cannot be written to.
 */
export async function openRoot(path: string): Promise<Layout> {
  const layout = layoutOf(resolve(path));
  try {
    await ensurePath(layout.root);
    const format = await readFormat(layout);
    if (format === undefined) {
      await refuseForeign(layout);
      await syncAncestors(layout.root);
    } else {
      checkFormat(layout, format);
    }
    await ensureDirectory(layout.temporary);
    await ensureDirectory(layout.blobs);
    await ensureDirectory(layout.expiry);
    if (format === undefined) await writeFormat(layout);
    await probe(layout);
    await syncDirectory(layout.root);
    return layout;
  } catch (error) {
    throw rootError(layout.root, error);
  }
}

/**
 * Makes the path to the root durable, whoever made the directories on it. The format file is written
 * after this, so where that is found it has been done.
 */
async function syncAncestors(root: string): Promise<void> {
  for (let above = dirname(root); ; above = dirname(above)) {
    try {
      await syncDirectory(above);
    } catch (error) {
      // One that we may not even read was not made by us.
      if (!hasErrno(error, 'EACCES', 'EPERM', 'EINVAL')) throw error;
    }
    if (above === dirname(above)) return;
  }
}

function readFormat(layout: Layout): Promise<string | undefined> {
  return unlessMissing(() => readFile(layout.formatFile, 'utf8'));
}

function checkFormat(layout: Layout, format: string): void {
  if (format === formatText) return;
  const found = JSON.stringify(format.slice(0, formatBytesShown));
  const expected = JSON.stringify(formatText);
  throw unreadable(layout.formatFile, `it says ${found}, this version knows only ${expected}`);
}

/** A directory without the format file is ours only if nothing else is in it. */
async function refuseForeign(layout: Layout): Promise<void> {
  const foreign = (await readdir(layout.root)).find((name) => !rootEntries.has(name));
  if (foreign === undefined) return;
  throw unreadable(layout.root, `it is no store but holds other files, such as '${foreign}'`);
}

/** Whole or not at all, and whoever comes second finds the first one's. */
async function writeFormat(layout: Layout): Promise<void> {
  const temporary = newTemporary(layout, 'format');
  const file = await open(temporary, 'wx', fileMode);
  try {
    await writeFully(file, Buffer.from(formatText), 0);
    await file.datasync();
    await link(temporary, layout.formatFile);
  } catch (error) {
    if (!hasErrno(error, 'EEXIST')) throw error;
    checkFormat(layout, (await readFormat(layout)) ?? '');
  } finally {
    await file.close();
    await unlink(temporary).catch(() => undefined);
  }
}

/** To learn at the start, not at the first blob, that nothing can be written. */
async function probe(layout: Layout): Promise<void> {
  const temporary = newTemporary(layout, 'probe');
  const file = await open(temporary, 'wx', fileMode);
  await file.close();
  await unlink(temporary);
}

function rootError(root: string, error: unknown): unknown {
  if (!(error instanceof Error) || !('syscall' in error)) return error;
  return unavailable(`the directory ${root} cannot be used: ${error.message}`, error);
}
