import { DomainError, type LongTermTier } from '@holdfast/domain';

export interface NoLongTermTierOptions {
  /** What the other tier takes. */
  readonly bytesMax: number;
}

/**
 * In place of a long-term tier where there is none: it holds no blob and takes none. What a row names all
 * the same was stored while there was one, so it is out of reach, and not gone.
 */
export function createNoLongTermTier({ bytesMax }: NoLongTermTierOptions): LongTermTier {
  return {
    async create(_name, _metadata, payload) {
      await payload[Symbol.asyncIterator]().return?.();
      throw new DomainError({ code: 'PAYLOAD_TOO_LARGE', field: 'chunk', bytesMax });
    },
    async read() {
      const why = 'there is none: storage.longTerm.kind is none';
      throw new DomainError({ code: 'TIER_UNAVAILABLE', tier: 'the long-term tier', why });
    },
    head: async () => ({ kind: 'absent' }),
    remove: async () => ({ kind: 'absent' }),
    extend: async () => 'absent',
    list: async () => ({ blobs: [], undecided: [] }),
  };
}
