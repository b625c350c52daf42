import type { ServiceError, status } from '@grpc/grpc-js';
import { RpcError } from '@holdfast/rpc';
import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';

/** Opens once; who waits for it goes on. */
export interface Gate {
  readonly opened: Promise<void>;
  open(): void;
}

export function createGate(): Gate {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return {
    opened,
    open() {
      open();
    },
  };
}

/** The error that a call ends with. */
export function failureOf(call: Promise<unknown>): Promise<ServiceError> {
  return call.then(
    () => assert.fail('the call succeeded'),
    (error: unknown) => error as ServiceError,
  );
}

export function reasonOf({ reason }: { readonly reason: unknown }): unknown {
  return reason;
}

export function codeOf(error: unknown): status {
  assert.ok(error instanceof RpcError);
  return error.code;
}

/** Resolves once a number that may still grow has stood for a while. */
export async function stands(read: () => number): Promise<void> {
  for (let before = -1; read() !== before;) {
    before = read();
    await setTimeout(100);
  }
}
