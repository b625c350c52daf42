import { object } from '@holdfast/contracts';
import { decodeMessage, fromStatusBytes, parseBatchResult, type BatchSink } from '@holdfast/rpc';
import { onAbort } from './abort-listeners.js';
import type { CallTerms } from './call-terms.js';
import type { ClientCore } from './client-core.js';
import { brokenContract, cancelled, deadlineExceeded } from './errors.js';

interface Results {
  readonly put: object.PutObjectResponse;
  readonly get: object.BatchGetResult;
  readonly head: object.HeadObjectResponse;
  readonly delete: object.DeleteObjectResponse;
}

type Codecs = { readonly [Kind in keyof Results]: { decode(bytes: Uint8Array): Results[Kind] } };

const codecs: Codecs = {
  put: object.PutObjectResponse,
  get: object.BatchGetResult,
  head: object.HeadObjectResponse,
  delete: object.DeleteObjectResponse,
};

/** Whether a request may have reached the server: then it may have taken effect. */
export interface Dispatch {
  isSent: boolean;
}

/** Runs one operation over the shared batch session. `encode` is told how long the server has. */
export function callBatch<Kind extends keyof Results>(
  core: ClientCore,
  kind: Kind,
  encode: (timeoutMs: number) => Uint8Array,
  terms: CallTerms,
  dispatch: Dispatch = { isSent: false },
): Promise<Results[Kind]> {
  return new Promise((resolve, reject) => {
    const { deadline, signal } = terms;
    const timeoutMs = Math.floor(deadline - core.clock.now());
    if (timeoutMs <= 0) {
      reject(deadlineExceeded());
      return;
    }
    let isWanted = true;
    const release = onAbort(signal, () => {
      isWanted = false;
      if (signal !== undefined) reject(cancelled(signal));
    });
    const sink: BatchSink = {
      result(bytes) {
        release();
        settle(() => resultOf(kind, bytes), resolve, reject);
      },
      failed(error, sent) {
        release();
        dispatch.isSent = sent;
        reject(error);
      },
      isWanted: () => isWanted,
    };
    dispatch.isSent = true;
    core.session.submit({ bytes: encode(timeoutMs), deadline }, sink);
  });
}

/** A sink must not throw. */
function settle<T>(
  read: () => T,
  resolve: (value: T) => void,
  reject: (error: unknown) => void,
): void {
  try {
    resolve(read());
  } catch (error) {
    reject(error);
  }
}

/** Throws the error of an operation that failed. */
function resultOf<Kind extends keyof Results>(kind: Kind, bytes: Uint8Array): Results[Kind] {
  const outcome = parseBatchResult(bytes);
  if (outcome.kind === 'error') throw fromStatusBytes(outcome.bytes);
  if (outcome.kind !== kind) throw brokenContract(`${outcome.kind} where ${kind} was asked for`);
  return decodeMessage<Results[Kind]>(codecs[kind], outcome.bytes, (cause) =>
    brokenContract('it cannot be read', cause),
  );
}
