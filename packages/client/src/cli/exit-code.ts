import { HoldfastError, type StatusCode } from '../errors.js';
import { UsageError } from './usage-error.js';

/** What the command ends with. The help names them; they do not change. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  precondition: 4,
  unavailable: 5,
  damaged: 6,
  denied: 7,
  interrupted: 130,
} as const;

export const exitCodeHelp = [
  '0  all went well',
  '1  it failed, or some of several things did',
  '2  the command line, or what it asks for, is wrong',
  '3  there is no such object, dead letter or run',
  '4  a condition was not met, or a sweep of the kind runs already',
  '5  the service was not reached in time, or is at capacity; try again',
  '6  the bytes are not those that were written, or a sweep has found such',
  '7  not allowed',
  '130  interrupted',
] as const;

export function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return exitCodes.usage;
  return error instanceof HoldfastError ? exitCodeOfStatus(error.code) : exitCodes.failed;
}

function exitCodeOfStatus(code: StatusCode): number {
  switch (code) {
    case 'INVALID_ARGUMENT':
    case 'OUT_OF_RANGE':
      return exitCodes.usage;
    case 'NOT_FOUND':
      return exitCodes.notFound;
    case 'FAILED_PRECONDITION':
    case 'ALREADY_EXISTS':
      return exitCodes.precondition;
    case 'UNAVAILABLE':
    case 'DEADLINE_EXCEEDED':
    case 'RESOURCE_EXHAUSTED':
    case 'ABORTED':
      return exitCodes.unavailable;
    case 'DATA_LOSS':
      return exitCodes.damaged;
    case 'UNAUTHENTICATED':
    case 'PERMISSION_DENIED':
      return exitCodes.denied;
    case 'CANCELLED':
    case 'INTERNAL':
    case 'UNIMPLEMENTED':
    case 'UNKNOWN':
      return exitCodes.failed;
  }
}
