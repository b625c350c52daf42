import type { Clock } from '@holdfast/domain';
import type { BatchSession, RpcChannel } from '@holdfast/rpc';
import type { OperationEncoder } from './batch-operation.js';
import type { ClientLimits } from './limits.js';
import type { Repeats } from './repeat-call.js';

/** What the operations of one client share. */
export interface ClientCore {
  readonly channel: RpcChannel;
  /** Small operations of all callers travel together. */
  readonly session: BatchSession;
  readonly repeats: Repeats;
  readonly encoder: OperationEncoder;
  readonly clock: Clock;
  readonly limits: ClientLimits;
  /** Of calls that are not streams, where the caller sets none. */
  readonly deadlineMs: number;
}
