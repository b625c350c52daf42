import { status } from '@grpc/grpc-js';
import { assert } from '@holdfast/domain';
import { rpcError } from '../../status/rpc-error.js';
import type { MessageWriter } from '../../wire/message-stream.js';
import type { CallContext } from '../call-context.js';
import { describedMethod } from '../described-method.js';
import { download, unary, type RpcMethod } from '../rpc-method.js';
import { healthFile } from './health-proto.js';
import { createServingState, type ServingState } from './serving-state.js';

const serving = 1;
const notServing = 2;
const serviceUnknown = 3;

interface Question {
  readonly service: string;
}

interface Answer {
  readonly status: number;
}

interface Listed {
  readonly statuses: Readonly<Record<string, Answer>>;
}

export interface Health {
  readonly methods: readonly RpcMethod[];
  readonly setServing: (serving: boolean) => void;
}

/** `grpc.health.v1` for these services and for '', the whole server. All of them serve or none. */
export function createHealth(services: Iterable<string>): Health {
  const names = new Set(['', ...services]);
  const state = createServingState();
  const [health] = healthFile().services;
  assert(health !== undefined, 'the health protocol has one service');

  const current = (): Answer => ({ status: state.isServing() ? serving : notServing });
  const check = ({ service }: Question): Promise<Answer> => {
    if (names.has(service)) return Promise.resolve(current());
    return Promise.reject(rpcError(status.NOT_FOUND, undefined, 'there is no such service'));
  };
  const list = (): Promise<Listed> =>
    Promise.resolve({
      statuses: Object.fromEntries([...names].map((name) => [name, current()])),
    });
  const watch = (
    { service }: Question,
    answers: MessageWriter<Answer>,
    { signal }: CallContext,
  ): Promise<void> =>
    names.has(service)
      ? reportChanges(state, current, answers, signal)
      : answers.write({ status: serviceUnknown }).then(() => aborted(signal));

  return {
    methods: [
      unary(describedMethod<Question, Answer>(health, 'Check'), check),
      unary(describedMethod<object, Listed>(health, 'List'), list),
      download(describedMethod<Question, Answer>(health, 'Watch'), watch),
    ],
    setServing(isServing) {
      state.set(isServing);
    },
  };
}

/** One answer at once and one a change, until the caller leaves or the server ends the call. */
async function reportChanges(
  state: ServingState,
  current: () => Answer,
  answers: MessageWriter<Answer>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const changed = state.changed(signal);
    await answers.write(current());
    await changed;
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => {
      resolve();
    });
  });
}
