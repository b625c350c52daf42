import type { GcRule } from '@holdfast/tier-bigtable';

type GroupRule = Extract<GcRule, { readonly kind: 'any' | 'all' }>;

/** A rule of a family's garbage collection in words. The same rule is always the same words. */
export function gcRuleText(rule: GcRule): string {
  switch (rule.kind) {
    case 'none':
      return 'never';
    case 'versions':
      return `beyond ${rule.max} version${rule.max === 1 ? '' : 's'}`;
    case 'age':
      return `after ${rule.ms / 1_000} s`;
    case 'any':
      return joined(rule, 'or');
    case 'all':
      return joined(rule, 'and');
  }
}

/** In which order a rule names others, and how often, does not matter to it. */
function joined(rule: GroupRule, word: string): string {
  const texts = [...new Set(membersOf(rule, rule.kind).map(gcRuleText))].toSorted();
  const [only] = texts;
  return texts.length === 1 && only !== undefined ? only : `(${texts.join(` ${word} `)})`;
}

/** Nor does it matter whether some of them are a group of the same kind among themselves. */
function membersOf(rule: GcRule, kind: GroupRule['kind']): readonly GcRule[] {
  return rule.kind === kind ? rule.of.flatMap((one) => membersOf(one, kind)) : [rule];
}
