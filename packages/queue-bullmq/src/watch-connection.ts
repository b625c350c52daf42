import type { RedisClient } from './connect-redis.js';
import type { QueueReport } from './queue-report.js';

export interface WatchedConnection {
  readonly isConnected: () => boolean;
}

/** Reports each change of the connection once, however often it is tried in vain. */
export function watchConnection(client: RedisClient, report: QueueReport): WatchedConnection {
  let state: 'new' | 'up' | 'down' = 'new';
  let lastError: unknown;

  function lost(cause: unknown): void {
    if (state === 'down') return;
    state = 'down';
    report.disconnected(cause);
  }

  client.on('ready', () => {
    if (state === 'up') return;
    state = 'up';
    lastError = undefined;
    report.connected();
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

  return { isConnected: () => client.status === 'ready' };
}

/** What somebody else reports. A client whose errors nobody hears prints them. */
export function ignoreErrors(client: RedisClient): void {
  client.on('error', () => undefined);
}
