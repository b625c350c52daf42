import type { BatchSink, BatchSubmission, RpcChannel } from '@holdfast/rpc';
import type { Backend, Traffic } from '../../../services/gateway/src/upstream/backend.js';

export interface Submitted {
  readonly traffic: Traffic;
  readonly operation: BatchSubmission;
  readonly sink: BatchSink;
}

/** A store whose state and answers a test decides. */
export interface FakeBackend extends Backend {
  isUp: boolean;
  load: number;
  readonly submitted: Submitted[];
}

export function createFakeBackend(address: string): FakeBackend {
  const submitted: Submitted[] = [];
  return {
    address,
    // No test of these makes a call of its own.
    channel: { address } as RpcChannel,
    isUp: true,
    load: 0,
    submitted,
    isReady() {
      return this.isUp;
    },
    outstanding() {
      return this.load;
    },
    submit: (traffic, operation, sink) => void submitted.push({ traffic, operation, sink }),
    beginStream: () => () => undefined,
    close: () => Promise.resolve(),
  };
}
