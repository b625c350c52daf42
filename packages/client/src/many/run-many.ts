import { invalidField } from '@holdfast/rpc';
import { onAbort } from '../abort-listeners.js';
import { throwIfAborted } from '../call-terms.js';
import type { ClientCore } from '../client-core.js';
import { toPublicError } from '../errors.js';
import { concurrencyDefault, concurrencyMax } from '../limits.js';
import { inCompletionOrder, type Items } from './in-completion-order.js';
import {
  runOperation,
  type ManySignals,
  type Operation,
  type OperationResult,
} from './operation.js';

export interface ManyOptions {
  /** Operations under way, those whose result was not taken yet included; 512 by default. */
  readonly concurrency?: number | undefined;
  /** Ends what is under way; the loop over the results fails with `CANCELLED`. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs many operations, each with its own attempts and its own deadline. One that fails is a result.
 * Who leaves the loop over the results ends what is under way; what was sent may take effect all the
 * same.
 */
export async function* runMany(
  core: ClientCore,
  operations: Items<Operation>,
  options: ManyOptions,
): AsyncGenerator<OperationResult, undefined> {
  const stop = new AbortController();
  const signals = { signal: stop.signal, payloadSignal: options.signal };
  const release = onAbort(options.signal, () => stop.abort(options.signal?.reason));
  try {
    throwIfAborted(options.signal);
    yield* inCompletionOrder({
      items: operations,
      concurrencyMax: checkConcurrency(options.concurrency ?? concurrencyDefault),
      run: (operation: Operation, index: number) => settle(core, index, operation, signals),
      signal: stop.signal,
    });
    throwIfAborted(options.signal);
    return undefined;
  } catch (error) {
    throw toPublicError(error);
  } finally {
    release();
    stop.abort();
  }
}

async function settle(
  core: ClientCore,
  index: number,
  operation: Operation,
  signals: ManySignals,
): Promise<OperationResult> {
  try {
    return await runOperation(core, index, operation, signals);
  } catch (error) {
    return { index, kind: operation.kind, ok: false, error: toPublicError(error) };
  }
}

function checkConcurrency(concurrency: number): number {
  if (Number.isInteger(concurrency) && concurrency >= 1 && concurrency <= concurrencyMax) {
    return concurrency;
  }
  const why = `must be a whole number from 1 to ${concurrencyMax}`;
  throw invalidField('INVALID_LIMIT', 'concurrency', why);
}
