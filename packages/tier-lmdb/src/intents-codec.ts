import { encodeRevision, limits, revisionBytes, unreadable, type ChangeId } from '@holdfast/domain';

/*
 * The value of `intents`: which changes may still commit to the row. A row without any has no entry.
 *
 *    0  u8   format, 1
 *    1       16 bytes for each intent, oldest first
 */
const formatVersion = 1;
const headerBytes = 1;

/** Checked bytes of `intents`; the operations below answer new ones and never change these. */
export type Intents = Buffer;

export const noIntents: Intents = Buffer.of(formatVersion);

export function decodeIntents(bytes: Buffer | undefined, path: string): Intents {
  if (bytes === undefined) return noIntents;
  const what = `intents of row ${path}`;
  if (bytes[0] !== formatVersion) throw unreadable(what, `format ${bytes[0]} is not known`);
  const length = bytes.length - headerBytes;
  if (length === 0 || length % revisionBytes !== 0) throw unreadable(what, 'it is cut off');
  return bytes;
}

export function hasIntent(intents: Intents, changeId: ChangeId): boolean {
  return indexOfIntent(intents, changeId) !== undefined;
}

/** The intents with `changeId` as the youngest, and without the oldest beyond the limit. */
export function withIntent(intents: Intents, changeId: ChangeId): Intents {
  const others = withoutIntent(intents, changeId);
  const added = Buffer.concat([others, Buffer.alloc(revisionBytes)]);
  encodeRevision(changeId, added, others.length);
  const bytesMax = headerBytes + limits.intentsPerRowMax * revisionBytes;
  if (added.length <= bytesMax) return added;
  return Buffer.concat([noIntents, added.subarray(added.length - bytesMax + headerBytes)]);
}

export function withoutIntent(intents: Intents, changeId: ChangeId): Intents {
  const at = indexOfIntent(intents, changeId);
  if (at === undefined) return intents;
  return Buffer.concat([intents.subarray(0, at), intents.subarray(at + revisionBytes)]);
}

export function isWithoutIntents(intents: Intents): boolean {
  return intents.length === headerBytes;
}

function indexOfIntent(intents: Intents, changeId: ChangeId): number | undefined {
  const wanted = Buffer.alloc(revisionBytes);
  encodeRevision(changeId, wanted, 0);
  for (let at = headerBytes; at < intents.length; at += revisionBytes) {
    if (wanted.equals(intents.subarray(at, at + revisionBytes))) return at;
  }
  return undefined;
}
