import {
  contentTypeDefault,
  manualExpiration,
  noCustomPairs,
  parseObjectId,
  type ObjectId,
  type Payload,
} from '@holdfast/domain';

export const metadata = {
  contentType: contentTypeDefault,
  expiration: manualExpiration,
  custom: noCustomPairs,
};

export function idOf(key: string): ObjectId {
  return parseObjectId({ usecase: 'bench', scopes: [{ name: 'run', value: '1' }], key });
}

export async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** The same bytes over and over: what it costs to make them is not measured. */
export async function* repeated(chunk: Uint8Array, count: number): AsyncGenerator<Uint8Array> {
  for (let sent = 0; sent < count; sent += 1) yield chunk;
}

/** Every chunk in memory of its own, as it comes from a socket. */
export async function* fresh(chunk: Uint8Array, count: number): AsyncGenerator<Uint8Array> {
  for (let sent = 0; sent < count; sent += 1) yield new Uint8Array(chunk);
}

export async function sizeOf(payload: Payload): Promise<number> {
  let size = 0;
  for await (const chunk of payload) size += chunk.length;
  return size;
}
