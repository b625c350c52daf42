import type { BlobName } from '../blob-name.js';
import type { EngineParts } from '../engine/engine-parts.js';

/** What became of one blob of a change. */
export interface BlobFate {
  readonly blob: BlobName;
  readonly state:
    | 'deleted'
    | 'absent'
    /** Only in a dry run: nothing keeps it. */
    | 'reclaimable'
    /** Kept: the row names it. */
    | 'live'
    /** Kept for the downloads that may be reading it. */
    | 'awaiting-readers';
  /** 0 when it was not looked up. */
  readonly size: number;
}

export interface FreedBlob {
  readonly blob: BlobName;
  readonly size: number;
}

export function freedBlobs(fates: readonly BlobFate[]): FreedBlob[] {
  const deleted = fates.filter(({ state }) => state === 'deleted');
  return deleted.map(({ blob, size }) => ({ blob, size }));
}

export async function removeBlob(engine: EngineParts, blob: BlobName): Promise<BlobFate> {
  const result = await engine.longTerm.remove(blob);
  engine.blobSizes.forget(blob);
  if (result.kind === 'absent') return { blob, state: 'absent', size: 0 };
  return { blob, state: 'deleted', size: result.size };
}

/** What `removeBlob` would find. */
export async function lookUpBlob(engine: EngineParts, blob: BlobName): Promise<BlobFate> {
  const found = await engine.longTerm.head(blob);
  if (found.kind === 'absent') return { blob, state: 'absent', size: 0 };
  return { blob, state: 'reclaimable', size: found.metadata.size };
}
