import { assert } from '../assert.js';
import { blobNameOf } from '../blob-name.js';
import { failedCondition, type PreconditionFailed, type WriteCondition } from '../condition.js';
import { DomainError } from '../errors.js';
import { expiryOf } from '../expiration.js';
import {
  parseCallerMetadata,
  type BlobMetadata,
  type CallerMetadata,
  type ObjectMetadata,
} from '../metadata.js';
import type { ObjectId } from '../object-id.js';
import type { Payload } from '../ports/long-term-tier.js';
import { changeIdOf } from '../revision.js';
import type { InlineRow, TombstoneRow } from '../row.js';
import { abortablePayload } from './abortable-payload.js';
import { runChange } from './run-change.js';
import type { ChangePlan, Fenced } from './change-plan.js';
import type { EngineParts } from './engine-parts.js';
import { openPayloadSource } from './payload-source.js';
import { replaceInline } from './replace-inline.js';
import { splitAtThreshold } from './split-at-threshold.js';
import { uploadBlob } from './upload-blob.js';

export interface PutRequest {
  readonly id: ObjectId;
  readonly metadata: CallerMetadata;
  readonly payload: Payload;
  readonly condition?: WriteCondition | undefined;
  /** What the sender says it has sent. Asked once, after the payload's end. */
  readonly expected?: (() => ExpectedContent) | undefined;
  /** Aborts the put as long as its payload is not complete; after that the put runs to its end. */
  readonly signal?: AbortSignal | undefined;
}

export interface ExpectedContent {
  readonly size?: number | undefined;
  readonly crc32c?: number | undefined;
}

export type PutOutcome =
  { readonly kind: 'stored'; readonly metadata: ObjectMetadata } | PreconditionFailed | Fenced;

/**
 * Stores an object.
 *
 * 1. Read the payload up to the inline threshold: its length decides, not the caller's word.
 * 2. Small, without a condition: replace the row in one step. That is the commit. Only where the row
 *    holds a tombstone is a change needed, so that the replaced blob is cleaned up.
 * 3. Large, or with a condition: a change (`run-change.ts`), whose commit is the commit.
 *
 * An error means that nothing was stored, except `OUTCOME_UNKNOWN`, which means what it says.
 */
export async function putObject(engine: EngineParts, request: PutRequest): Promise<PutOutcome> {
  const source = openPayloadSource(abortablePayload(request.payload, request.signal));
  try {
    parseCallerMetadata(request.metadata);
    const split = await splitAtThreshold(source, engine.options.inlineThresholdBytes);
    const metadata = stamp(engine, request);
    return split.kind === 'small'
      ? await putSmall(engine, request, metadata, split.bytes)
      : await putLarge(engine, request, metadata, split.payload);
  } finally {
    source.discard();
  }
}

function stamp(engine: EngineParts, { metadata, condition }: PutRequest): BlobMetadata {
  const timeCreated = engine.clock.now();
  const timeExpires = expiryOf(metadata.expiration, timeCreated);
  const stamped = { ...metadata, revision: engine.ids.revision(), timeCreated, timeExpires };
  return condition === undefined ? stamped : { ...stamped, conditional: true };
}

async function putSmall(
  engine: EngineParts,
  request: PutRequest,
  blobMetadata: BlobMetadata,
  payload: Uint8Array,
): Promise<PutOutcome> {
  const crc32c = engine.checksum.crc32c(payload, 0);
  const metadata = { ...blobMetadata, size: payload.length, crc32c };
  checkExpected(request, metadata);
  const row: InlineRow = { kind: 'inline', metadata, payload };
  if (
    request.condition === undefined &&
    (await replaceInline(engine, request.id, row)) === 'stored'
  ) {
    return { kind: 'stored', metadata };
  }
  const outcome = await runChange(engine, {
    id: request.id,
    changeId: changeIdOf(metadata.revision),
    ...conditionsOf(request),
    prepare: async () => row,
  });
  return outcome.kind === 'done' ? { kind: 'stored', metadata } : outcome;
}

async function putLarge(
  engine: EngineParts,
  request: PutRequest,
  blobMetadata: BlobMetadata,
  payload: Payload,
): Promise<PutOutcome> {
  const blob = blobNameOf(request.id, blobMetadata.revision);
  let tombstone: TombstoneRow | undefined;
  const outcome = await runChange(engine, {
    id: request.id,
    changeId: changeIdOf(blobMetadata.revision),
    ...conditionsOf(request),
    newBlob: blob,
    prepare: async (change) => {
      const metadata = await uploadBlob(engine, change, blob, blobMetadata, payload);
      checkExpected(request, metadata);
      return (tombstone = { kind: 'tombstone', metadata, blob });
    },
  });
  if (outcome.kind !== 'done') return outcome;
  assert(tombstone !== undefined, 'a large put commits only after its upload');
  return { kind: 'stored', metadata: tombstone.metadata };
}

type Conditions = Pick<ChangePlan<PreconditionFailed>, 'conditional' | 'onlyWhileLive' | 'refuse'>;

function conditionsOf({ condition }: PutRequest): Conditions {
  return {
    conditional: condition !== undefined,
    onlyWhileLive: condition?.kind === 'if-revision',
    refuse: (row) => failedCondition(condition, row),
  };
}

function checkExpected(request: PutRequest, actual: ObjectMetadata): void {
  const { size, crc32c } = request.expected?.() ?? {};
  if (size !== undefined && size !== actual.size) {
    const why = `${size} bytes were declared and ${actual.size} arrived`;
    throw new DomainError({ code: 'CONTENT_MISMATCH', field: 'finish.size', why });
  }
  if (crc32c !== undefined && crc32c !== actual.crc32c) {
    const why = `${crc32c} was declared and ${actual.crc32c} computed`;
    throw new DomainError({ code: 'CONTENT_MISMATCH', field: 'finish.crc32c', why });
  }
}
