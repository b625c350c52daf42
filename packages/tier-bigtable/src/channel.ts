import { assert } from '@holdfast/domain';
import { grpc } from 'google-gax';
import { isSilence, NotSentError } from './bigtable-errors.js';
import type { Stub } from './stub.js';

export interface CallParts {
  readonly method: string;
  readonly request: object;
  readonly metadata: grpc.Metadata;
  /** The call is given up after it, on both ends. */
  readonly timeoutMs: number;
}

/** One connection to Bigtable and the calls on it. Each call is sent once, or not at all. */
export interface Channel {
  callsInFlight(): number;
  /** The last attempt to connect has failed, and none has succeeded since. */
  isFailing(): boolean;
  /** The last call got no answer, and none has got one since. It may be lost without a word. */
  isSilent(): boolean;
  /** Rejects with `NotSentError` when there is no connection, or with the status of the call. */
  unary(call: CallParts): Promise<unknown>;
  /** The same; what `onMessage` throws ends the call and rejects it. */
  stream(call: CallParts, onMessage: (message: unknown) => void): Promise<void>;
  close(): void;
}

type Method = (...parts: readonly unknown[]) => unknown;

const { connectivityState } = grpc;

/** From idle over connecting to ready, and once more around, as some connections do. */
const statesMax = 6;

export function createChannel(stub: Stub): Channel {
  const channel = stub.getChannel();
  let inFlight = 0;
  let silent = false;

  function isReady(): boolean {
    return channel.getConnectivityState(false) === connectivityState.READY;
  }

  /** Only on a connection is a call sent: of one that fails before, it is certain that it was not. */
  async function connect(deadline: number): Promise<void> {
    for (let seen = 0; seen < statesMax; seen += 1) {
      const state = channel.getConnectivityState(true);
      if (state === connectivityState.READY) return;
      if (state === connectivityState.SHUTDOWN) throw new NotSentError('the store is closed');
      if (state === connectivityState.TRANSIENT_FAILURE) throw new NotSentError('no connection');
      await changeFrom(channel, state, deadline);
    }
    throw new NotSentError('the connection does not last');
  }

  /** Runs one call; its status is what it rejects with, whatever happened around it. */
  async function run<Answer>(
    call: CallParts,
    send: (method: Method, options: grpc.CallOptions) => Promise<Answer>,
  ): Promise<Answer> {
    const deadline = Date.now() + call.timeoutMs;
    inFlight += 1;
    try {
      if (!isReady()) await connect(deadline);
      const answer = await send(methodOf(stub, call.method), { deadline });
      silent = false;
      return answer;
    } catch (error) {
      silent = isSilence(error);
      throw error;
    } finally {
      inFlight -= 1;
    }
  }

  return {
    isFailing: () => channel.getConnectivityState(false) === connectivityState.TRANSIENT_FAILURE,
    isSilent: () => silent,
    callsInFlight: () => inFlight,
    unary: (call) => run(call, (method, options) => sendUnary(stub, method, call, options)),
    stream: (call, onMessage) =>
      run(call, (method, options) => sendStream(stub, method, call, options, onMessage)),
    close: () => stub.close(),
  };
}

function sendUnary(
  stub: Stub,
  method: Method,
  { request, metadata }: CallParts,
  options: grpc.CallOptions,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const answered = (error: Error | null, answer: unknown): void =>
      error === null ? resolve(answer) : reject(error);
    method.call(stub, request, metadata, options, answered);
  });
}

function sendStream(
  stub: Stub,
  method: Method,
  { request, metadata }: CallParts,
  options: grpc.CallOptions,
  onMessage: (message: unknown) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const stream = method.call(
      stub,
      request,
      metadata,
      options,
    ) as grpc.ClientReadableStream<unknown>;
    stream.on('data', (message) => {
      try {
        onMessage(message);
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
        stream.cancel();
      }
    });
    stream.on('error', reject);
    stream.on('end', resolve);
  });
}

function changeFrom(
  channel: ReturnType<Stub['getChannel']>,
  state: grpc.connectivityState,
  deadline: number,
): Promise<void> {
  return new Promise((resolve, reject) => {
    channel.watchConnectivityState(state, deadline, (error) =>
      error === undefined ? resolve() : reject(new NotSentError('no connection in time')),
    );
  });
}

function methodOf(stub: Stub, name: string): Method {
  const method = stub[name];
  assert(typeof method === 'function', `the client library has a method ${name}`);
  return method as Method;
}
