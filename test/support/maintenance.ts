import { Metadata, status } from '@grpc/grpc-js';
import { rpc } from '@holdfast/contracts';
import { fromStatusBytes, RpcError, type CallContext } from '@holdfast/rpc';
import type { LogFields } from '@holdfast/service-kit';
import assert from 'node:assert/strict';
import type { MaintenanceDependencies } from '../../services/tiered-store/src/maintenance/dependencies.js';
import {
  createListedBlobs,
  type ListedBlobs,
} from '../../services/tiered-store/src/maintenance/listed-blobs.js';
import type { StoreUnderTest } from './engine/store-under-test.js';

export interface LogLine {
  readonly fields: LogFields;
  readonly message: string;
}

/** What the handlers of a store are built on, and what they write down. */
export function dependenciesOf(
  store: StoreUnderTest,
): MaintenanceDependencies & { readonly listed: ListedBlobs; readonly lines: readonly LogLine[] } {
  const lines: LogLine[] = [];
  return {
    engine: store.engine,
    tiers: { highVolume: 'memory', longTerm: 'memory' },
    clock: store.clock,
    listed: createListedBlobs(),
    logger: {
      warn: (fields, message) => void lines.push({ fields, message }),
    },
    lines,
  };
}

export function callContext(signal: AbortSignal = new AbortController().signal): CallContext {
  return {
    method: 'holdfast.maintenance.v1.MaintenanceService/Test',
    requestId: 'request-1',
    traceparent: undefined,
    metadata: new Metadata(),
    peer: 'ipv4:127.0.0.1:1',
    deadline: Infinity,
    signal,
  };
}

/** Fails unless the call is refused for that field, with that reason. */
export async function assertRefused(
  call: Promise<unknown>,
  reason: string,
  field: string,
): Promise<void> {
  await assert.rejects(call, (error: unknown) => {
    assert(error instanceof RpcError, String(error));
    assert.equal(error.code, status.INVALID_ARGUMENT);
    assert.equal(error.reason, reason);
    assert.deepEqual(
      error.violations.map((violation) => violation.field),
      [field],
    );
    return true;
  });
}

/** The error of an entry, as a caller reads it. */
export function errorOf(
  result: { readonly $case: string; readonly value: unknown } | undefined,
): RpcError {
  assert(result?.$case === 'error');
  return fromStatusBytes(rpc.Status.encode(result.value as rpc.Status).finish());
}
