import {
  brokenVariants,
  explore,
  longPlans,
  quickPlans,
  shrink,
  simulateSeed,
  type Variant,
} from '@holdfast/testkit';
import assert from 'node:assert/strict';

const seedsMax = 1_500;
const schedulesMax = 30_000;

/** The first violation that random schedules show, else the one in a small plan explored whole. */
async function violationOf(variant: Variant): Promise<string | undefined> {
  for (let seed = 1; seed <= seedsMax; seed += 1) {
    const { violation } = await simulateSeed(seed, variant);
    if (violation !== undefined) return violation;
  }
  for (const { plan } of [...quickPlans, ...longPlans]) {
    const { violation } = await explore({ plan, variant, schedulesMax });
    if (violation !== undefined) return violation.what;
  }
  return undefined;
}

describe('the simulator', function () {
  this.timeout(120_000);

  for (const variant of brokenVariants) {
    it(`notices when ${variant.flaw}`, async () => {
      assert.match((await violationOf(variant)) ?? 'nothing noticed', /^(I\d|process)/);
    });
  }

  it('knows at least ten ways to get it wrong', () => {
    assert.ok(new Set(brokenVariants.map(({ name }) => name)).size >= 10);
  });

  it('repeats a seed step by step', async () => {
    const [variant] = brokenVariants;
    assert.ok(variant !== undefined);
    const first = await simulateSeed(148, variant);
    assert.deepEqual(await simulateSeed(148, variant), first);
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
