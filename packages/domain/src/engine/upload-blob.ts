import type { BlobName } from '../blob-name.js';
import type { Change } from '../change.js';
import { DomainError } from '../errors.js';
import type { BlobMetadata, ObjectMetadata } from '../metadata.js';
import type { Payload } from '../ports/long-term-tier.js';
import { later } from '../timestamp.js';
import { withoutEffect } from './effects.js';
import type { EngineParts } from './engine-parts.js';

/**
 * Streams a payload into the blob of a recorded change, and keeps the change's deadline ahead of
 * the upload for as long as it makes progress.
 */
export async function uploadBlob(
  engine: EngineParts,
  change: Change,
  blob: BlobName,
  metadata: BlobMetadata,
  payload: Payload,
): Promise<ObjectMetadata> {
  const watched = watchProgress(engine, change, payload);
  const result = await engine.longTerm.create(blob, metadata, watched).catch((error: unknown) => {
    throw withoutEffect(error, 'the long-term tier');
  });
  if (result.kind === 'created') {
    return { ...metadata, size: result.size, crc32c: result.crc32c };
  }
  // A revision is used once. What is there already is not ours to take for this payload.
  throw new DomainError({
    code: 'TIER_UNAVAILABLE',
    tier: 'the long-term tier',
    why: 'it holds a blob of this new revision already',
  });
}

async function* watchProgress(
  engine: EngineParts,
  change: Change,
  payload: Payload,
): AsyncGenerator<Uint8Array, void> {
  const { changeDeadlineMs, objectBytesMax } = engine.options;
  let { deadline } = change;
  let size = 0;
  for await (const chunk of payload) {
    size += chunk.length;
    if (size > objectBytesMax) {
      throw new DomainError({
        code: 'PAYLOAD_TOO_LARGE',
        field: 'chunk',
        bytesMax: objectBytesMax,
      });
    }
    const now = engine.clock.now();
    if (deadline - now < changeDeadlineMs / 2) {
      deadline = later(now, changeDeadlineMs);
      await defer(engine, { ...change, deadline });
    }
    yield chunk;
  }
}

/** Somebody has settled the change while its upload was under way: it can no longer commit. */
export class SettledMeanwhile extends Error {
  override readonly name = 'SettledMeanwhile';
}

async function defer(engine: EngineParts, { changeId, deadline }: Change): Promise<void> {
  const deferred = await engine.changeLog.defer(changeId, deadline).catch((cause: unknown) => {
    // The upload goes on: at worst a sweep fences it, and its caller is told to try again.
    engine.observer.report({ kind: 'deadline-not-deferred', changeId, cause });
    return 'deferred' as const;
  });
  if (deferred === 'absent') throw new SettledMeanwhile();
}
