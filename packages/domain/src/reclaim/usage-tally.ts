import { createTallyByUsecase } from './tally-by-usecase.js';

/** What a usecase has stored. */
export interface Usage {
  /** Objects that are not expired. */
  readonly objects: number;
  /** Bytes of their payloads in the high-volume tier. */
  readonly inlineBytes: number;
  /** Bytes of blobs that rows name. */
  readonly blobBytes: number;
  /** Bytes of blobs of unsettled changes that no row names. */
  readonly unreferencedBytes: number;
}

export interface UsecaseUsage extends Usage {
  /** Left out for what is left of the usecases that are not shown. */
  readonly usecase?: string | undefined;
}

/**
 * Adds up by usecase in bounded memory: beyond `usecasesHeldMax` those with the fewest bytes are put
 * together. What was put together is not taken apart again, so what is added in the order of
 * usecases is told exactly, and what is added after that counts with the others where its own entry
 * is gone.
 */
export interface UsageTally {
  addInOrder(usecase: string, usage: Partial<Usage>): void;
  addLater(usecase: string, usage: Partial<Usage>): void;
  /** The most bytes first. */
  usage(): readonly UsecaseUsage[];
}

const nothing: Usage = { objects: 0, inlineBytes: 0, blobBytes: 0, unreferencedBytes: 0 };

export function createUsageTally(): UsageTally {
  const tally = createTallyByUsecase<Usage>({ sum, weigh: bytesOf });
  return {
    addInOrder: (usecase, usage) => tally.add(usecase, usage),
    addLater(usecase, usage) {
      const isApart = tally.has(usecase) || !tally.hasOthers();
      tally.add(isApart ? usecase : undefined, usage);
    },
    usage: () => tally.shown(),
  };
}

function sum(before: Usage = nothing, more: Partial<Usage>): Usage {
  return {
    objects: before.objects + (more.objects ?? 0),
    inlineBytes: before.inlineBytes + (more.inlineBytes ?? 0),
    blobBytes: before.blobBytes + (more.blobBytes ?? 0),
    unreferencedBytes: before.unreferencedBytes + (more.unreferencedBytes ?? 0),
  };
}

function bytesOf({ inlineBytes, blobBytes, unreferencedBytes }: Usage): number {
  return inlineBytes + blobBytes + unreferencedBytes;
}
