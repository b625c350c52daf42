import { absentRow, type LongTermTier } from '@holdfast/domain';
import type { BrokenVariant } from '../variant.js';

/* Readers that believe what they read. */

/** Believes what it reads. */
export const withoutChecksum: BrokenVariant = {
  name: 'without-checksum',
  flaw: 'a blob is served without its checksum',
  expected: /^process \d+: TornRead/,
  meddle: (_, dependencies) => {
    const { checksum, longTerm } = dependencies;
    let believed = 0;
    const read: LongTermTier['read'] = async (name, span, signal) => {
      const answer = await longTerm.read(name, span, signal);
      if (answer.kind === 'found') believed = answer.crc32c;
      return answer;
    };
    return {
      ...dependencies,
      longTerm: { ...longTerm, read },
      checksum: { crc32c: (bytes, before) => believed || checksum.crc32c(bytes, before) },
    };
  },
};

/** Does not consider that the object was replaced between the look at its row and the opening. */
export const noSecondLook: BrokenVariant = {
  name: 'no-second-look',
  flaw: 'a read answers not found when the blob of the row it read is gone',
  expected: /^I5: no order explains/,
  meddle: (_, dependencies) => {
    const { highVolume, longTerm } = dependencies;
    let missed = false;
    const read: LongTermTier['read'] = async (name, span, signal) => {
      const answer = await longTerm.read(name, span, signal);
      missed = answer.kind === 'absent';
      return answer;
    };
    return {
      ...dependencies,
      longTerm: { ...longTerm, read },
      highVolume: {
        ...highVolume,
        read: async (id) => (missed ? absentRow : highVolume.read(id)),
      },
    };
  },
};
