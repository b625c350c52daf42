import {
  blobNameOf,
  changeIdOf,
  manualExpiration,
  noCustomPairs,
  parseObjectId,
  type HighVolumeTier,
  type ObjectMetadata,
  type Timestamp,
} from '@holdfast/domain';
import { createRevisionIds, systemClock as clock } from '@holdfast/service-kit';
import { openLmdbStore } from '@holdfast/tier-lmdb';
import { join } from 'node:path';
import { usecase } from './cleanup-writes.js';
import type { Cluster } from './cluster.js';
import { crc32cOf } from './loader-payloads.js';
import { blobPath, oldMs, writeBlobFile, writeOrphans } from './sweep-blobs.js';

/** How much of what is in a store. */
export interface Stock {
  /** Small objects, in their rows. */
  readonly inline: number;
  /** Small objects that have expired. */
  readonly expired: number;
  /** Large objects, each a row and its blob. */
  readonly large: number;
  /** Blobs that nothing names. */
  readonly orphans: number;
}

const atOnce = 5_000;
const filesAtOnce = 64;
const blobBytes = 64;
const ids = createRevisionIds(clock);

/**
 * Fills the storage of a store that does not run, by its tiers: rows in large groups, blobs without
 * waiting for the disk.
 */
export async function stock(place: Pick<Cluster, 'directory'>, amounts: Stock): Promise<void> {
  const directory = join(place.directory, 'rows');
  const { highVolumeTier: rows, close } = await openLmdbStore({ directory }, { clock });
  try {
    const inline = (name: string, isExpired: boolean) => (index: number) =>
      putInline(rows, `${name}-${index}`, isExpired);
    await inGroups(amounts.inline, atOnce, inline('inline', false));
    await inGroups(amounts.expired, atOnce, inline('expired', true));
    await inGroups(amounts.large, filesAtOnce, (index) => putLarge(place, rows, `large-${index}`));
  } finally {
    await close();
  }
  for (let at = 0; at < amounts.orphans; at += atOnce) {
    const count = Math.min(atOnce, amounts.orphans - at);
    const keys = Array.from({ length: count }, (_, index) => `orphan-${at + index}`);
    await writeOrphans(place, keys, { bytes: blobBytes });
  }
}

async function putInline(rows: HighVolumeTier, key: string, isExpired: boolean): Promise<void> {
  const payload = Buffer.from(key);
  const metadata = metadataOf(payload, isExpired ? expiredMetadata() : {});
  await rows.putInline(idOf(key), { kind: 'inline', metadata, payload });
}

async function putLarge(
  place: Pick<Cluster, 'directory'>,
  rows: HighVolumeTier,
  key: string,
): Promise<void> {
  const id = idOf(key);
  const payload = Buffer.alloc(blobBytes, key);
  const metadata = metadataOf(payload);
  const changeId = changeIdOf(metadata.revision);
  const blob = blobNameOf(id, metadata.revision);
  await writeBlobFile(blobPath(place, blob), blob, metadata, payload);
  await rows.begin(id, changeId);
  await rows.commit(id, changeId, { kind: 'tombstone', metadata, blob });
}

function idOf(key: string) {
  return parseObjectId({ usecase, scopes: [], key });
}

function metadataOf(payload: Buffer, more: Partial<ObjectMetadata> = {}): ObjectMetadata {
  return {
    contentType: 'application/octet-stream',
    expiration: manualExpiration,
    custom: noCustomPairs,
    revision: ids.revision(),
    timeCreated: (clock.now() - oldMs) as Timestamp,
    size: payload.length,
    crc32c: crc32cOf(payload),
    ...more,
  };
}

function expiredMetadata(): Partial<ObjectMetadata> {
  const ms = oldMs / 2;
  return {
    expiration: { kind: 'ttl', ms },
    timeExpires: (clock.now() - ms) as Timestamp,
  };
}

async function inGroups(
  count: number,
  groupMax: number,
  work: (index: number) => Promise<void>,
): Promise<void> {
  for (let at = 0; at < count; at += groupMax) {
    const group = Array.from({ length: Math.min(groupMax, count - at) }, (_, index) => at + index);
    await Promise.all(group.map(work));
  }
}
