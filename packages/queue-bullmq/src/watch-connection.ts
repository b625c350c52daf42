import type { Clock } from '@holdfast/domain';
import type { RedisClient } from './connect-redis.js';
import { limitChanges } from './limit-changes.js';
import type { QueueReport } from './queue-report.js';

export interface WatchedConnection {
  readonly isConnected: () => boolean;
  /** Before it is closed on purpose: that is no news. */
  readonly stop: () => void;
}

/** Reports each change of the connection once, however often it is tried in vain. */
export function watchConnection(
  client: RedisClient,
  report: QueueReport,
  clock: Clock,
): WatchedConnection {
  const changes = limitChanges(report, clock);
  let state: 'new' | 'up' | 'down' | 'over' = 'new';
  let lastError: unknown;

  function lost(cause: unknown): void {
    if (state === 'down' || state === 'over') return;
    state = 'down';
    changes.disconnected(cause);
  }

  client.on('ready', () => {
    if (state === 'up' || state === 'over') return;
    state = 'up';
    lastError = undefined;
    changes.connected();
  });
  client.on('error', (error: unknown) => {
    lastError = error;
    // A connection that stands tells by its `close` that it is lost.
    if (state === 'new') lost(error);
  });
  client.on('node error', (error: unknown) => {
    lastError = error;
  });
  client.on('close', () => lost(lastError ?? new Error('the connection was closed')));

  return {
    isConnected: () => client.status === 'ready',
    stop: () => {
      state = 'over';
      changes.stop();
    },
  };
}

/** What somebody else reports. A client whose errors nobody hears prints them. */
export function ignoreErrors(client: RedisClient): void {
  client.on('error', () => undefined);
}
