import { Metadata, type StatusObject } from '@grpc/grpc-js';
import { reasonError, statusBytes, type FieldViolation, type Reason } from '@holdfast/rpc';

/** How a real store ends a call, on plain grpc-js. */
export function serviceError(
  reason: Reason,
  message: string,
  violations: readonly FieldViolation[] = [],
): StatusObject & Error {
  const error = reasonError(reason, message, { violations });
  const metadata = new Metadata();
  metadata.set('grpc-status-details-bin', statusBytes(error));
  return Object.assign(new Error(message), { code: error.code, details: message, metadata });
}
