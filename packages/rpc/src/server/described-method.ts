import {
  create,
  fromBinary,
  toBinary,
  type DescMessage,
  type DescService,
  type Message,
} from '@bufbuild/protobuf';
import { assert } from '@holdfast/domain';
import type { Method } from '../wire/method.js';

/**
 * A method of a service that is known by its descriptor alone. Its messages are what
 * `@bufbuild/protobuf` makes of them; `Req` and `Res` say how they look.
 */
export function describedMethod<Req extends object, Res extends object>(
  { typeName, methods }: DescService,
  name: string,
): Method<Req, Res> {
  const method = methods.find((one) => one.name === name);
  assert(method !== undefined, `${typeName} has a method ${name}`);
  return {
    path: `/${typeName}/${name}`,
    requestStream:
      method.methodKind === 'client_streaming' || method.methodKind === 'bidi_streaming',
    responseStream:
      method.methodKind === 'server_streaming' || method.methodKind === 'bidi_streaming',
    ...codec<'request', Req>('request', method.input),
    ...codec<'response', Res>('response', method.output),
  };
}

type Codec<Side extends string, T> = Record<`${Side}Serialize`, (value: T) => Buffer> &
  Record<`${Side}Deserialize`, (bytes: Buffer) => T>;

function codec<Side extends string, T extends object>(
  side: Side,
  message: DescMessage,
): Codec<Side, T> {
  return {
    [`${side}Serialize`]: (value: Partial<Message>) =>
      Buffer.from(toBinary(message, create(message, value))),
    [`${side}Deserialize`]: (bytes: Buffer) => fromBinary(message, bytes),
  } as unknown as Codec<Side, T>;
}
