/** How many bytes `value`, an unsigned 32-bit integer, takes as a varint. */
export function varintSize(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x20_0000) return 3;
  if (value < 0x1000_0000) return 4;
  return 5;
}

/** Writes `value`, an unsigned 32-bit integer, as a varint; answers the position after it. */
export function writeVarint(target: Uint8Array, start: number, value: number): number {
  let position = start;
  let rest = value;
  while (rest >= 0x80) {
    target[position++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  target[position++] = rest;
  return position;
}
