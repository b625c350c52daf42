import type { Clock } from '@holdfast/domain';
import {
  createBatchSession,
  openChannel,
  type BatchSession,
  type BatchSessionOptions,
  type BatchSink,
  type BatchSubmission,
  type ChannelOptions,
  type RpcChannel,
} from '@holdfast/rpc';

/** Whether somebody waits for the operation alone, or it is one of many in a caller's batch. */
export type Traffic = 'single' | 'bulk';

/** One tiered store, and the ways to it. */
export interface Backend {
  readonly address: string;
  /** For calls of their own: large payloads and lists. */
  readonly channel: RpcChannel;
  isReady(): boolean;
  /** Operations and streams that run there. */
  outstanding(): number;
  submit(traffic: Traffic, operation: BatchSubmission, sink: BatchSink): void;
  /** A stream begins. It ends with a call of what is answered. */
  beginStream(): () => void;
  close(drainMsMax: number): Promise<void>;
}

export interface BackendOptions {
  readonly channel: ChannelOptions;
  /** Batch streams for each kind of traffic. */
  readonly streams: number;
  readonly session: Partial<BatchSessionOptions>;
}

/** The store gives single operations more of its room than those of batches. */
const classHeader = 'holdfast-class';

export function createBackend(
  options: BackendOptions,
  { clock }: { readonly clock: Clock },
): Backend {
  const channel = openChannel(options.channel);
  const sessions = { single: openSessions('single'), bulk: openSessions('bulk') } as const;
  const all = [...sessions.single, ...sessions.bulk];
  let streams = 0;
  channel.connect();

  function openSessions(traffic: Traffic): readonly BatchSession[] {
    const session = { ...options.session, metadata: { [classHeader]: traffic } };
    return Array.from({ length: options.streams }, () =>
      createBatchSession(channel, session, { clock }),
    );
  }

  return {
    address: channel.address,
    channel,
    isReady: () => channel.state() === 'ready',
    outstanding: () => all.reduce((sum, session) => sum + session.outstanding(), streams),
    submit(traffic, operation, sink) {
      leastBusy(sessions[traffic])?.submit(operation, sink);
    },
    beginStream() {
      streams += 1;
      return () => {
        streams -= 1;
      };
    },
    async close(drainMsMax) {
      await Promise.all(all.map((session) => session.close(drainMsMax)));
      channel.close();
    },
  };
}

function leastBusy(sessions: readonly BatchSession[]): BatchSession | undefined {
  let [found] = sessions;
  for (const session of sessions) {
    if (found !== undefined && session.outstanding() < found.outstanding()) found = session;
  }
  return found;
}
