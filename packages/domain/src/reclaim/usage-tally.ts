import { usecasesHeldMax, usecasesShownMax } from '../limits.js';

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
  const held = new Map<string, Usage>();
  let others: Usage | undefined;

  /** Keeps those that may be shown. */
  function gather(): void {
    const byBytes = [...held].toSorted(([, left], [, right]) => bytesOf(right) - bytesOf(left));
    for (const [usecase, usage] of byBytes.slice(usecasesShownMax)) {
      held.delete(usecase);
      others = sum(others, usage);
    }
  }

  function add(usecase: string, usage: Partial<Usage>): void {
    held.set(usecase, sum(held.get(usecase), usage));
    if (held.size > usecasesHeldMax) gather();
  }

  return {
    addInOrder: add,
    addLater(usecase, usage) {
      if (others === undefined || held.has(usecase)) add(usecase, usage);
      else others = sum(others, usage);
    },
    usage() {
      gather();
      const shown = [...held].map(([usecase, usage]) => ({ usecase, ...usage }));
      const sorted = shown.toSorted((left, right) => bytesOf(right) - bytesOf(left));
      return others === undefined ? sorted : [...sorted, others];
    },
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
