import type { MethodDefinition } from '@grpc/grpc-js';

const identity = (bytes: Buffer): Buffer => bytes;

function rawMethod(
  name: string,
  requestStream: boolean,
  responseStream: boolean,
): MethodDefinition<Buffer, Buffer> {
  return {
    path: `/raw/${name}`,
    requestStream,
    responseStream,
    requestSerialize: identity,
    requestDeserialize: identity,
    responseSerialize: identity,
    responseDeserialize: identity,
  };
}

/** What the baseline speaks: bytes as they are, and nothing around them. */
export const rawService = {
  echo: rawMethod('Echo', false, false),
  copyIn: rawMethod('CopyIn', true, false),
  /** The same into a file, which is flushed before the answer. */
  copyToFile: rawMethod('CopyToFile', true, false),
  copyOut: rawMethod('CopyOut', false, true),
} as const;

/** A request for `bytes` bytes. */
export function askFor(bytes: number): Buffer {
  const request = Buffer.alloc(8);
  request.writeDoubleBE(bytes);
  return request;
}
