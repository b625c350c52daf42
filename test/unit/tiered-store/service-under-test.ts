import { object } from '@holdfast/contracts';
import { encodeChunkMessage, encodeUploadFinish, encodeUploadHeader } from '@holdfast/rpc';
import {
  createAdmission,
  createByteBudget,
  type Admission,
  type AdmissionOptions,
  type ByteBudget,
  type Span,
} from '@holdfast/service-kit';
import { createCountingIds } from '@holdfast/testkit';
import {
  batchLimitDefaults,
  type BatchLimits,
} from '../../../services/tiered-store/src/batch/batch-limits.js';
import type { FailedOperation } from '../../../services/tiered-store/src/batch/batch-observer.js';
import { batchObjectsHandler } from '../../../services/tiered-store/src/batch/batch-objects.js';
import { createGetResultEncoder } from '../../../services/tiered-store/src/batch/encoded-result.js';
import type { OperationNames } from '../../../services/tiered-store/src/batch/operation-names.js';
import type { Operation } from '../../../services/tiered-store/src/batch/operation.js';
import { createExpectedBytes } from '../../../services/tiered-store/src/batch/expected-bytes.js';
import { deleteObjectHandler } from '../../../services/tiered-store/src/object/delete-object.js';
import { getObjectHandler } from '../../../services/tiered-store/src/object/get-object.js';
import { headObjectHandler } from '../../../services/tiered-store/src/object/head-object.js';
import { listObjectsHandler } from '../../../services/tiered-store/src/object/list-objects.js';
import { putObjectHandler } from '../../../services/tiered-store/src/object/put-object.js';
import { thresholdBytes } from '../../support/engine/payloads.js';
import type { StoreUnderTest } from '../../support/engine/store-under-test.js';
import type { MemoryTiers } from '../../support/memory-tiers.js';

export interface ServiceOptions {
  readonly admission?: Partial<AdmissionOptions>;
  readonly payloadBytesMax?: number;
  readonly batch?: Partial<BatchLimits>;
}

/** The handlers on an engine that a test can interfere with. */
export interface ServiceUnderTest {
  readonly admission: Admission;
  readonly payloadBytes: ByteBudget;
  readonly failures: readonly FailedOperation[];
  /** Kinds of the operations that were counted as done well. */
  readonly successes: readonly Operation['kind'][];
  /** Those that operations belonged to when they began, in that order. */
  readonly traceparents: readonly (string | undefined)[];
  /** Spans that have ended. */
  readonly spansEnded: () => number;
  readonly draining: AbortController;
  readonly put: ReturnType<typeof putObjectHandler>;
  readonly get: ReturnType<typeof getObjectHandler>;
  readonly head: ReturnType<typeof headObjectHandler>;
  readonly remove: ReturnType<typeof deleteObjectHandler>;
  readonly list: ReturnType<typeof listObjectsHandler>;
  readonly batch: ReturnType<typeof batchObjectsHandler>;
}

const admissionDefaults = { inFlightMax: 500, queueMax: 500, waitMsMax: 1_000, bulkShare: 0.6 };

export function serve(
  store: StoreUnderTest<MemoryTiers>,
  options: ServiceOptions = {},
): ServiceUnderTest {
  const { clock, engine } = store;
  const admission = createAdmission({ ...admissionDefaults, ...options.admission }, { clock });
  const payloadBytes = createByteBudget({ bytesMax: options.payloadBytesMax ?? 1_000_000_000 });
  const failures: FailedOperation[] = [];
  const successes: Operation['kind'][] = [];
  const traceparents: (string | undefined)[] = [];
  let spansEnded = 0;
  const draining = new AbortController();
  const dependencies = {
    engine,
    clock,
    ids: createCountingIds(clock, 7),
    admission,
    payloadBytes,
    expectedBytes: createExpectedBytes(),
    getResults: createGetResultEncoder(),
    observer: {
      began: (_kind: Operation['kind'], names: OperationNames): Span => {
        const traceparent = names.traceparent();
        traceparents.push(traceparent);
        const end = (): void => void (spansEnded += 1);
        return { traceparent, setAttribute: () => undefined, setError: () => undefined, end };
      },
      succeeded: (kind: Operation['kind'], span: Span | undefined) => {
        successes.push(kind);
        span?.end();
      },
      failed: (failure: FailedOperation) => {
        failures.push(failure);
        failure.span?.end();
      },
    },
    draining: draining.signal,
  };
  return {
    admission,
    payloadBytes,
    failures,
    successes,
    traceparents,
    spansEnded: () => spansEnded,
    draining,
    put: putObjectHandler({ inlineThresholdBytes: thresholdBytes }, dependencies),
    get: getObjectHandler(dependencies),
    head: headObjectHandler(dependencies),
    remove: deleteObjectHandler(dependencies),
    list: listObjectsHandler(dependencies),
    batch: batchObjectsHandler({ ...batchLimitDefaults, ...options.batch }, dependencies),
  };
}

/** The id of `idOf` of the engine's tests, as a caller spells it. */
export function messageId(key: string): object.ObjectId {
  return { usecase: 'engine', scopes: [{ name: 'org', value: '17' }], key };
}

export function header(key: string, more: Partial<object.PutObjectHeader> = {}): Buffer {
  return encodeUploadHeader({
    objectId: messageId(key),
    metadata: undefined,
    condition: undefined,
    ...more,
  });
}

export function chunks(bytes: Uint8Array, chunkBytes = 700): Buffer[] {
  const messages: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    messages.push(encodeChunkMessage(bytes.subarray(at, at + chunkBytes)));
  }
  return messages;
}

export function finish(size: number | bigint, crc32c?: number): Buffer {
  return encodeUploadFinish({ size: BigInt(size), crc32c });
}

/** What of an operation a test says. */
export type OperationInput = Parameters<typeof object.BatchOperation.fromPartial>[0];

export function batchMessage(...operations: OperationInput[]): Buffer {
  return Buffer.from(
    object.BatchObjectsRequest.encode(
      object.BatchObjectsRequest.fromPartial({ operations }),
    ).finish(),
  );
}
