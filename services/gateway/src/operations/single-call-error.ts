import { invalidField, type RpcError } from '@holdfast/rpc';

/**
 * The error of an operation, in the words of the single call that it stands for. All but two are the
 * same; they are passed on as they came.
 */
export function singleCallError(error: RpcError): RpcError {
  if (error.reason === 'INVALID_BATCH') {
    return invalidField('INVALID_STREAM', 'message', 'it cannot be decoded', { cause: error });
  }
  const [violation] = error.violations;
  if (error.reason === 'CONTENT_MISMATCH' && violation?.field === 'crc32c') {
    return invalidField('CONTENT_MISMATCH', 'finish.crc32c', violation.description);
  }
  return error;
}
