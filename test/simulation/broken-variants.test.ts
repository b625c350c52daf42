import {
  brokenVariants,
  explore,
  quickPlans,
  shrink,
  simulateSeed,
  type BrokenVariant,
} from '@holdfast/testkit';
import assert from 'node:assert/strict';

const fewSeeds = 200;
const seedsMax = 3_000;
const schedulesMax = 10_000;

/** Random schedules find most flaws at once; the others take a small plan, or many more seeds. */
async function violationsOf(variant: BrokenVariant): Promise<Set<string>> {
  const { expected } = variant;
  const found = new Set<string>();
  const isFound = (violation: string | undefined): boolean => {
    if (violation !== undefined) found.add(violation);
    return violation !== undefined && expected.test(violation);
  };
  for (let seed = 1; seed <= fewSeeds; seed += 1) {
    if (isFound((await simulateSeed(seed, variant)).violation)) return found;
  }
  for (const { plan } of quickPlans) {
    const { violation } = await explore({ plan, variant, schedulesMax, expected });
    if (isFound(violation?.what)) return found;
  }
  for (let seed = fewSeeds + 1; seed <= seedsMax; seed += 1) {
    if (isFound((await simulateSeed(seed, variant)).violation)) return found;
  }
  return found;
}

describe('the simulator', function () {
  this.timeout(120_000);

  for (const variant of brokenVariants) {
    it(`notices when ${variant.flaw}`, async () => {
      const found = [...(await violationsOf(variant))];
      const isExpected = found.some((violation) => variant.expected.test(violation));
      assert.ok(isExpected, `${String(variant.expected)} is not among: ${found.join('\n')}`);
    });
  }

  it('knows every way to get it wrong by a name of its own', () => {
    assert.equal(new Set(brokenVariants.map(({ name }) => name)).size, brokenVariants.length);
  });

  it('shrinks a failing schedule to a smaller one that fails too', async () => {
    const variant = brokenVariants.find(({ name }) => name === 'unknown-taken-for-done');
    assert.ok(variant !== undefined);
    let failing = await simulateSeed(1, variant);
    for (let seed = 2; failing.violation === undefined; seed += 1) {
      assert.ok(seed <= seedsMax, 'no seed fails');
      failing = await simulateSeed(seed, variant);
    }
    const small = await shrink(failing, variant);
    assert.notEqual(small.violation, undefined);
    assert.ok(small.steps < failing.steps, `${small.steps} steps of ${failing.steps}`);
    assert.ok(small.plan.operations.length <= failing.plan.operations.length);
  });
});
