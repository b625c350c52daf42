import {
  createCoverage,
  explore,
  honest,
  huntSeed,
  quickPlans,
  simulateSeed,
} from '@holdfast/testkit';
import assert from 'node:assert/strict';

const schedulesMax = 100_000;
/** By then every await point has been reached that ever is. */
const huntedSeedsMin = 1_250;
const huntedSeedsMax = 5_000;
const randomSeeds = 2_000;
const repeatedSeeds = 200;

describe('the engine, simulated', function () {
  this.timeout(240_000);

  for (const { name, plan } of quickPlans) {
    it(`holds in every schedule of: ${name}`, async function () {
      const found = await explore({ plan, variant: honest, schedulesMax });
      assert.equal(found.violation, undefined);
      assert.equal(found.complete, true, 'the plan was not explored to its end');
      const extent = `${found.states} states in ${found.schedules} schedules`;
      if (this.test !== undefined) this.test.title += `: ${extent}`;
    });
  }

  it('holds whichever fault strikes at whichever await point', async () => {
    const coverage = createCoverage();
    for (let seed = 1; seed <= huntedSeedsMax; seed += 1) {
      const { violation, trace } = await huntSeed(seed, honest, coverage);
      assert.equal(violation, undefined, `seed ${seed}: ${violation}\n${trace.join('\n')}`);
      const complete = seed >= huntedSeedsMin && seed % 250 === 0;
      if (complete && coverage.report().missing.length === 0) break;
    }
    assert.deepEqual(coverage.report().missing, [], 'faults that were never tried');
  });

  it('repeats every seed step by step', async () => {
    for (let seed = 1; seed <= repeatedSeeds; seed += 1) {
      const first = await simulateSeed(seed, honest);
      assert.deepEqual(await simulateSeed(seed, honest), first);
    }
  });

  it('holds in random schedules of many operations', async () => {
    for (let seed = 1; seed <= randomSeeds; seed += 1) {
      const { violation, trace } = await simulateSeed(seed, honest);
      assert.equal(violation, undefined, `seed ${seed}: ${violation}\n${trace.join('\n')}`);
    }
  });
});
