import { status } from '@grpc/grpc-js';
import { rpc, type sweeper } from '@holdfast/contracts';
import { fromStatusBytes, rpcError } from '@holdfast/rpc';
import { toPublicError } from '../../../errors.js';

/** Why a run failed, as its report has it. */
export function reportError({ error: told }: sweeper.SweepReport): unknown {
  return toPublicError(
    told === undefined
      ? rpcError(status.UNKNOWN, undefined, 'the sweeper does not say why')
      : fromStatusBytes(rpc.Status.encode(told).finish()),
  );
}
