import type { MethodDefinition } from '@grpc/grpc-js';

/** A method of a generated service definition: its path, and how its messages become bytes. */
export interface Method<Req, Res> extends Readonly<MethodDefinition<Req, Res>> {}

/** The same method, its requests carried as the bytes they are on the wire. No copy is made. */
export function rawRequests<Req, Res>(method: Method<Req, Res>): Method<Buffer, Res> {
  return { ...method, requestSerialize: asItIs, requestDeserialize: asItIs };
}

/** The same method, its responses carried as the bytes they are on the wire. No copy is made. */
export function rawResponses<Req, Res>(method: Method<Req, Res>): Method<Req, Buffer> {
  return { ...method, responseSerialize: asItIs, responseDeserialize: asItIs };
}

/** The same method, messages of both directions carried as bytes. */
export function rawMethod<Req, Res>(method: Method<Req, Res>): Method<Buffer, Buffer> {
  return rawRequests(rawResponses(method));
}

function asItIs(bytes: Buffer): Buffer {
  return bytes;
}
