import type { LongTermTier } from '@holdfast/domain';
import type { Variant } from '../variant.js';

/* Readers that believe what they read. */

/** Believes what it reads. */
export const withoutChecksum: Variant = {
  name: 'without-checksum',
  flaw: 'a blob is served without its checksum',
  meddle: (_, dependencies) => {
    const { checksum, longTerm } = dependencies;
    let believed = 0;
    const read: LongTermTier['read'] = async (name, span, signal) => {
      const answer = await longTerm.read(name, span, signal);
      if (answer.kind === 'found') believed = answer.metadata.crc32c;
      return answer;
    };
    return {
      ...dependencies,
      longTerm: { ...longTerm, read },
      checksum: { crc32c: (bytes, before) => believed || checksum.crc32c(bytes, before) },
    };
  },
};
