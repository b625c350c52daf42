import type { RpcError } from '../status/rpc-error.js';

/** Any generated codec. */
interface Decoder<T> {
  decode(bytes: Uint8Array): T;
}

/**
 * Decodes a message that came as bytes. Generated codecs throw all kinds of errors for what is
 * malformed; here it is the error the caller has for it.
 */
export function decodeMessage<T>(
  codec: Decoder<T>,
  bytes: Uint8Array,
  malformed: (cause: unknown) => RpcError,
): T {
  try {
    return codec.decode(bytes);
  } catch (cause) {
    throw malformed(cause);
  }
}
