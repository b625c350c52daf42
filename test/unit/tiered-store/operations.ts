import { messageId, type OperationInput } from './service-under-test.js';

type Timeout = { readonly seconds: bigint; readonly nanos: number };

interface More {
  readonly timeout?: Timeout;
  readonly requestId?: string;
  readonly traceparent?: string;
}

export function getOf(index: number, key: string, more: More = {}): OperationInput {
  return { index, operation: { $case: 'get', value: { objectId: messageId(key) } }, ...more };
}

export function headOf(index: number, key: string, more: More = {}): OperationInput {
  return { index, operation: { $case: 'head', value: { objectId: messageId(key) } }, ...more };
}

export function deleteOf(index: number, key: string, more: More = {}): OperationInput {
  return { index, operation: { $case: 'delete', value: { objectId: messageId(key) } }, ...more };
}

export function putOf(
  index: number,
  key: string,
  payload: Uint8Array,
  more: More & { readonly crc32c?: number } = {},
): OperationInput {
  const { crc32c, ...others } = more;
  const header = { objectId: messageId(key) };
  return { index, operation: { $case: 'put', value: { header, payload, crc32c } }, ...others };
}
