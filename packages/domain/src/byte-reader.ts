import { DomainError } from './errors.js';

/** Reads fields one after the other and throws `UNREADABLE` where bytes are missing. */
export interface ByteReader {
  u8(): number;
  u16(): number;
  /** A whole number below 2^53. */
  u64(): number;
  bytes(length: number): Uint8Array;
  /** UTF-8 of the length that the u16 before it says. */
  text(): string;
  rest(): Uint8Array;
  end(): void;
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function createByteReader(source: Uint8Array, what: string): ByteReader {
  const view = new DataView(source.buffer, source.byteOffset, source.byteLength);
  let at = 0;

  function take(length: number): number {
    if (at + length > source.length) throw unreadable(what, 'it is cut off');
    at += length;
    return at - length;
  }

  function bytes(length: number): Uint8Array {
    const start = take(length);
    return source.subarray(start, start + length);
  }

  function decode(text: Uint8Array): string {
    try {
      return decoder.decode(text);
    } catch (cause) {
      throw unreadable(what, 'a text is not UTF-8', cause);
    }
  }

  const u16 = (): number => view.getUint16(take(2));

  return {
    u8: () => view.getUint8(take(1)),
    u16,
    u64() {
      const start = take(8);
      return view.getUint32(start) * 0x1_0000_0000 + view.getUint32(start + 4);
    },
    bytes,
    text: () => decode(bytes(u16())),
    rest: () => bytes(source.length - at),
    end() {
      if (at !== source.length) throw unreadable(what, 'bytes follow the last field');
    },
  };
}

export function unreadable(what: string, why: string, cause?: unknown): DomainError {
  return new DomainError({ code: 'UNREADABLE', what, why }, { cause });
}
