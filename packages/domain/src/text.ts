// C0, DEL and C1: they break logs, terminals and headers, and no name needs them.
// oxlint-disable-next-line no-control-regex
const controlCharacter = /[\u0000-\u001f\u007f-\u009f]/;

const encoder = new TextEncoder();

export function utf8Length(text: string): number {
  return encoder.encode(text).length;
}

/** Text that survives a round trip through UTF-8 and holds no control character. */
export function isCleanText(text: string): boolean {
  return text.isWellFormed() && !controlCharacter.test(text);
}

/** The order of UTF-8 bytes, which is the order of storage paths in every tier. */
export function compareUtf8(left: string, right: string): number {
  const end = Math.min(left.length, right.length);
  for (let at = 0; at < end; at += 1) {
    const a = left.charCodeAt(at);
    const b = right.charCodeAt(at);
    if (a === b) continue;
    // UTF-16 puts surrogates (4 bytes of UTF-8) below U+E000..U+FFFF (3 bytes); UTF-8 does not.
    const aIsSurrogate = a >= 0xd800 && a <= 0xdfff;
    const bIsSurrogate = b >= 0xd800 && b <= 0xdfff;
    if (aIsSurrogate !== bIsSurrogate && Math.max(a, b) >= 0xe000) return aIsSurrogate ? 1 : -1;
    return a - b;
  }
  return left.length - right.length;
}
