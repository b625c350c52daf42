/** Mixes texts into a 53-bit hash: two histories that differ have, in practice, different hashes. */
export function mix(seed: number, ...texts: readonly string[]): number {
  let low = 0xdeadbeef ^ (seed % 0x1_0000_0000);
  let high = 0x41c6ce57 ^ Math.floor(seed / 0x1_0000_0000);
  for (const text of texts) {
    for (let at = 0; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      low = Math.imul(low ^ code, 2_654_435_761);
      high = Math.imul(high ^ code, 1_597_334_677);
    }
    low = Math.imul(low ^ 0xff, 2_246_822_507);
    high = Math.imul(high ^ 0xff, 3_266_489_909);
  }
  low ^= high >>> 13;
  high ^= low >>> 16;
  return (high & 0x1f_ffff) * 0x1_0000_0000 + (low >>> 0);
}

/** What a reply says, as text: enough to tell two replies apart that a process could tell apart. */
export function summaryOf(value: unknown): string {
  // A call without a reply's value answers `undefined`, which JSON has no text for.
  return JSON.stringify([value], (_, part: unknown) => {
    if (part instanceof Uint8Array) return part.join();
    if (part instanceof Map) return [...part];
    return part;
  });
}
