/** The bytes are not a protobuf message. Callers turn it into the RpcError that fits their message. */
class MalformedMessage extends Error {
  override readonly name = 'MalformedMessage';
}

/** The wire types of protobuf, without those of groups. */
export const wireType = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

const startGroup = 3;
const endGroup = 4;
const varintBytesMax = 10;
const groupDepthMax = 32;

/**
 * Walks over the fields of one message without decoding them: read a tag, then read or skip what it
 * announces. It never reads beyond `end`, and makes no object a field but the views asked for.
 */
export class FieldReader {
  position: number;
  private readonly bytes: Uint8Array;
  private readonly end: number;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.bytes = bytes;
    this.position = start;
    this.end = end;
  }

  get more(): boolean {
    return this.position < this.end;
  }

  /** Field number times 8 plus wire type. */
  tag(): number {
    const tag = this.unsigned();
    if (tag < 8 || tag > 0xffff_ffff) throw new MalformedMessage('a tag is no tag');
    return tag;
  }

  /** As protobuf reads a uint32: of a longer varint the low 32 bits. */
  uint32(): number {
    const first = this.byte();
    if (first < 0x80) return first;
    let value = first & 0x7f;
    for (let index = 1; index < varintBytesMax; index += 1) {
      const byte = this.byte();
      if (index < 5) value |= (byte & 0x7f) << (7 * index);
      if (byte < 0x80) return value >>> 0;
    }
    throw new MalformedMessage('a varint has too many bytes');
  }

  /** A varint as a number: exact up to 2^53, only roughly right beyond. */
  unsigned(): number {
    const first = this.byte();
    if (first < 0x80) return first;
    let value = first & 0x7f;
    let unit = 0x80;
    for (let index = 1; index < varintBytesMax; index += 1) {
      const byte = this.byte();
      value += (byte & 0x7f) * unit;
      if (byte < 0x80) return value;
      unit *= 0x80;
    }
    throw new MalformedMessage('a varint has too many bytes');
  }

  /** Reads the length of a length-delimited field and passes over it: answers where it begins. */
  skipBytes(): number {
    const length = this.unsigned();
    const start = this.position;
    this.advance(length);
    return start;
  }

  /** A view of a length-delimited field. */
  view(): Uint8Array {
    const start = this.skipBytes();
    return this.bytes.subarray(start, this.position);
  }

  /** Passes over what `tag` announced. */
  skip(tag: number, depth = 0): void {
    switch (tag & 7) {
      case wireType.varint:
        this.uint32();
        return;
      case wireType.fixed64:
        this.advance(8);
        return;
      case wireType.bytes:
        this.skipBytes();
        return;
      case wireType.fixed32:
        this.advance(4);
        return;
      case startGroup:
        this.skipGroup(tag >>> 3, depth);
        return;
    }
    throw new MalformedMessage('a field has no type');
  }

  /** Groups are long out of use, but a message may still hold one as an unknown field. */
  private skipGroup(field: number, depth: number): void {
    if (depth === groupDepthMax) throw new MalformedMessage('groups are nested too deeply');
    while (this.more) {
      const tag = this.tag();
      if ((tag & 7) === endGroup) {
        if (tag >>> 3 !== field) break;
        return;
      }
      this.skip(tag, depth + 1);
    }
    throw new MalformedMessage('a group does not end');
  }

  private byte(): number {
    const byte = this.position < this.end ? this.bytes[this.position] : undefined;
    if (byte === undefined) throw new MalformedMessage('it ends too early');
    this.position += 1;
    return byte;
  }

  private advance(length: number): void {
    if (length > this.end - this.position) throw new MalformedMessage('it ends too early');
    this.position += length;
  }
}
