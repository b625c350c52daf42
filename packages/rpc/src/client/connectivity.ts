import { connectivityState, type ChannelInterface } from '@grpc/grpc-js';
import type { ChannelState } from './rpc-channel.js';

export interface Connectivity {
  state(): ChannelState;
  waitForReady(deadlineMs: number): Promise<boolean>;
  stayConnected(): void;
}

/** A server that takes connections and drops them at once is not asked again without end. */
const reconnectMs = 100;
/** Between two looks at a channel whose state does not change. */
const watchMsMax = 86_400_000;

export function watchConnectivity(channel: ChannelInterface): Connectivity {
  let staying = false;

  function changed(from: connectivityState, deadlineMs: number): Promise<void> {
    return new Promise((resolve) => {
      channel.watchConnectivityState(from, deadlineMs, () => resolve());
    });
  }

  /** A closed channel that is told to connect would come back to life. */
  function poke(): connectivityState {
    const current = channel.getConnectivityState(false);
    return current === connectivityState.SHUTDOWN ? current : channel.getConnectivityState(true);
  }

  async function waitForReady(deadlineMs: number): Promise<boolean> {
    const deadline = Math.min(deadlineMs, Date.now() + watchMsMax);
    for (;;) {
      const current = poke();
      if (current === connectivityState.READY) return true;
      if (current === connectivityState.SHUTDOWN || Date.now() >= deadline) return false;
      await changed(current, deadline);
    }
  }

  /** A connection that goes away makes the channel idle: nothing but this would bring it back. */
  function reconnect(): void {
    const current = poke();
    if (current === connectivityState.SHUTDOWN) return;
    channel.watchConnectivityState(current, Infinity, () => {
      setTimeout(reconnect, reconnectMs).unref();
    });
  }

  return {
    state: () => stateOf(channel.getConnectivityState(false)),
    waitForReady,
    stayConnected() {
      if (staying) return;
      staying = true;
      reconnect();
    },
  };
}

function stateOf(state: connectivityState): ChannelState {
  switch (state) {
    case connectivityState.READY:
      return 'ready';
    case connectivityState.CONNECTING:
      return 'connecting';
    case connectivityState.IDLE:
      return 'idle';
    case connectivityState.TRANSIENT_FAILURE:
    case connectivityState.SHUTDOWN:
      return 'failing';
  }
}
