import type { Clock } from '@holdfast/domain';
import type { CallTable } from './call-table.js';
import type { GrpcTransport } from './grpc-transport.js';
import type { Health } from './health/health-service.js';
import type { PortListener } from './port-listener.js';
import { reasonError, type RpcError } from '../status/rpc-error.js';

/** For the last answers to leave, and again for peers to close their side of a connection. */
const farewellMsMax = 500;
/** Of the time there is, when that is short. */
const farewellShareMax = 0.25;

export interface Drainable {
  readonly health: Health;
  readonly listener: PortListener;
  readonly transport: GrpcTransport;
  readonly calls: CallTable;
  readonly draining: AbortController;
  readonly clock: Clock;
  readonly watches: readonly { stop(): void }[];
}

/**
 * Ends a server, within `msMax`.
 *
 * 1. Health says that it does not serve; long-lived streams are told by `draining`.
 * 2. No new connections and calls. Every peer hears GOAWAY.
 * 3. The running calls end by themselves, or all time has passed but that for two farewells.
 * 4. What still runs is cut off with UNAVAILABLE `OUTCOME_UNKNOWN`: counted, and answered. It may have
 *    had its effect, or may yet.
 * 5. The last answers leave, and connections are closed.
 */
export async function drainServer(server: Drainable, msMax: number): Promise<number> {
  const { health, listener, transport, calls, draining, clock } = server;
  const farewellMs = Math.min(farewellMsMax, msMax * farewellShareMax);
  const until = clock.now() + msMax;
  const msUntil = (time: number): number => Math.max(0, time - clock.now());
  health.setServing(false);
  draining.abort();
  const disconnected = listener.close();
  transport.goAway();
  await atMost(msUntil(until - 2 * farewellMs), calls.idle(), clock);
  const cutOff = calls.running();
  for (const call of calls.open()) call.abandon(cutShort());
  await atMost(msUntil(until - farewellMs), calls.empty(), clock);
  await atMost(Math.min(farewellMs, msUntil(until)), disconnected, clock);
  listener.destroyConnections();
  await disconnected;
  transport.dispose();
  for (const watch of server.watches) watch.stop();
  return cutOff;
}

function cutShort(): RpcError {
  return reasonError('OUTCOME_UNKNOWN', 'the server shut down before the call had ended');
}

/** Waits for `done`, and no longer than that. */
async function atMost(ms: number, done: Promise<void>, clock: Clock): Promise<void> {
  const waiting = new AbortController();
  await Promise.race([done, clock.sleep(ms, waiting.signal)]);
  waiting.abort();
}
