import { toRpcError } from '@holdfast/rpc';

/** Matches what a caller is told is wrong with a field. */
export function isFault(reason: string, field: string): (error: unknown) => boolean {
  return (error) => {
    const told = toRpcError(error);
    return told.reason === reason && told.violations[0]?.field === field;
  };
}
