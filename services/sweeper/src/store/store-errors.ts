import { status } from '@grpc/grpc-js';
import { DomainError, invalidPageToken } from '@holdfast/domain';
import { RpcError } from '@holdfast/rpc';

export const storeTier = 'the tiered store';

/**
 * A call that failed as a whole, in the words of the domain. Most of what can be wrong is the same to a
 * sweep: nothing was learned, and nothing is lost by asking again later.
 */
export function domainErrorOf(cause: unknown): DomainError {
  if (cause instanceof DomainError) return cause;
  const options = { cause };
  if (!(cause instanceof RpcError)) {
    const why = cause instanceof Error ? cause.message : String(cause);
    return new DomainError({ code: 'TIER_UNAVAILABLE', tier: storeTier, why }, options);
  }
  const { code, reason, message } = cause;
  // A token of another version or another store: whoever asked begins anew.
  if (reason === 'INVALID_PAGE') return invalidPageToken('the place where the last run ended');
  const why = `${reason ?? status[code] ?? 'UNKNOWN'}: ${message}`;
  return new DomainError({ code: 'TIER_UNAVAILABLE', tier: storeTier, why }, options);
}
