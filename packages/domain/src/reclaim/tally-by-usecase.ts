import { usecasesHeldMax, usecasesShownMax } from '../limits.js';
import { compareUtf8 } from '../text.js';

/**
 * Adds up by usecase in bounded memory: beyond `usecasesHeldMax` those that weigh least are put
 * together, with what belongs to no usecase. What was put together is not taken apart again: what
 * comes later of such a usecase has an entry of its own, which tells of that only.
 */
export interface TallyByUsecase<Counts> {
  add(usecase: string | undefined, counts: Partial<Counts>): void;
  /** Whether the usecase has an entry of its own. */
  has(usecase: string): boolean;
  hasOthers(): boolean;
  /** What weighs most first, then by name; what is left of the others is last, without a usecase. */
  shown(): readonly (Counts & { readonly usecase?: string | undefined })[];
}

export interface TallyRules<Counts> {
  readonly sum: (before: Counts | undefined, more: Partial<Counts>) => Counts;
  readonly weigh: (counts: Counts) => number;
}

export function createTallyByUsecase<Counts extends object>({
  sum,
  weigh,
}: TallyRules<Counts>): TallyByUsecase<Counts> {
  const held = new Map<string, Counts>();
  let others: Counts | undefined;

  function heaviestFirst(): (readonly [string, Counts])[] {
    return [...held].toSorted(
      ([leftName, left], [rightName, right]) =>
        weigh(right) - weigh(left) || compareUtf8(leftName, rightName),
    );
  }

  function putTogether(): void {
    for (const [usecase, counts] of heaviestFirst().slice(usecasesShownMax)) {
      held.delete(usecase);
      others = sum(others, counts);
    }
  }

  return {
    add(usecase, counts) {
      if (usecase === undefined) others = sum(others, counts);
      else held.set(usecase, sum(held.get(usecase), counts));
      if (held.size > usecasesHeldMax) putTogether();
    },
    has: (usecase) => held.has(usecase),
    hasOthers: () => others !== undefined,
    shown() {
      const sorted = heaviestFirst();
      const named = sorted.slice(0, usecasesShownMax);
      const entries = named.map(([usecase, counts]) => ({ usecase, ...counts }));
      let left = others;
      for (const [, counts] of sorted.slice(usecasesShownMax)) left = sum(left, counts);
      return left === undefined ? entries : [...entries, left];
    },
  };
}
