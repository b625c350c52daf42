import { status } from '@grpc/grpc-js';
import type { Clock } from '@holdfast/domain';
import { rpcError, type RpcChannel } from '@holdfast/rpc';
import { createCallGuard } from './call-guard.js';
import { termsOf, type CallOptions, type CallTerms } from './call-terms.js';
import type { ClientCore } from './client-core.js';
import { cancelled } from './errors.js';
import { connectMsDefault } from './limits.js';

/** Waits for a connection, and fails without one. */
export async function connect(
  { channel, clock }: Pick<ClientCore, 'channel' | 'clock'>,
  options: CallOptions,
): Promise<void> {
  const terms = termsOf(options, connectMsDefault, clock);
  if (await waitForConnection(channel, clock, terms)) return;
  if (terms.signal?.aborted === true) throw cancelled(terms.signal);
  throw rpcError(status.UNAVAILABLE, undefined, `cannot connect to ${channel.address}`);
}

/** Answers whether there is a connection, at the deadline or the signal at the latest. */
export async function waitForConnection(
  channel: RpcChannel,
  clock: Clock,
  { deadline, signal }: CallTerms,
): Promise<boolean> {
  if (channel.state() === 'ready') return true;
  const guard = createCallGuard({ deadline: Infinity, signal }, clock, () => undefined);
  try {
    return await guard.wait(channel.waitForReady(deadline));
  } catch {
    // Only the signal ends the wait so.
    return false;
  } finally {
    guard.close();
  }
}
