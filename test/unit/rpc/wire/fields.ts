import fc from 'fast-check';

/** Encodes by hand what encoders do not write: fields in any order, doubled or unknown. */

export function varint(value: number | bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt(value);
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

export function varintField(field: number, value: number | bigint): Uint8Array {
  return Buffer.concat([varint(field << 3), varint(value)]);
}

export function bytesField(field: number, value: Uint8Array): Uint8Array {
  return Buffer.concat([varint((field << 3) | 2), varint(value.length), value]);
}

/** Fields no message of ours has, of every wire type, groups included. */
export const unknownField: fc.Arbitrary<Uint8Array> = fc
  .record({
    field: fc.integer({ min: 100, max: 500_000 }),
    type: fc.constantFrom('varint', 'fixed64', 'bytes', 'fixed32', 'group'),
    content: fc.uint8Array({ minLength: 8, maxLength: 8 }),
    number: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  })
  .map(({ field, type, content, number }) => {
    switch (type) {
      case 'varint':
        return varintField(field, number);
      case 'fixed64':
        return Buffer.concat([varint((field << 3) | 1), content]);
      case 'bytes':
        return bytesField(field, content);
      case 'fixed32':
        return Buffer.concat([varint((field << 3) | 5), content.subarray(0, 4)]);
      case 'group':
        return Buffer.concat([
          varint((field << 3) | 3),
          varintField(1, 7),
          bytesField(2, content),
          varint((field << 3) | 4),
        ]);
    }
  });

export function shuffled(parts: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  return fc
    .shuffledSubarray([...parts], { minLength: parts.length })
    .map((order) => Buffer.concat(order));
}
