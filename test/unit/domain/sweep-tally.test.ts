import { limits, noFindings, type SweepStepOutcome } from '@holdfast/domain';
import assert from 'node:assert/strict';
import { createSweepTally } from '../../../packages/domain/src/sweep/sweep-tally.js';
import { createSweepBed, someDamage } from '../../support/sweep-run-bed.js';

const { usecasesHeldMax, usecasesShownMax, damageShownMax, undecidedShownMax } = limits;
const nothing: SweepStepOutcome = { found: [], damage: [], undecidedEntries: [] };
const anEntry = { where: 'lost+found', why: 'it is a directory' };

function seen(usecase: string | undefined, scanned: number): SweepStepOutcome {
  return { ...nothing, found: [{ usecase, scanned }] };
}

describe('The tally of a sweep', () => {
  it('has nothing at first', () => {
    assert.deepEqual(createSweepTally().findings(), noFindings);
  });

  it('adds up in all and by usecase, and why entries were kept', () => {
    const tally = createSweepTally();
    const kept = { young: { entries: 1, bytes: 7 } };
    const found = { usecase: 'mail', scanned: 2, removed: 1, freedBytes: 5, kept };
    tally.add({ ...nothing, found: [found, { scanned: 1 }] });
    tally.add({ ...nothing, found: [found], readBytes: 9 });
    const { counts, usecases } = tally.findings();
    const both = { young: { entries: 2, bytes: 14 } };
    const mail = { scanned: 4, removed: 2, freedBytes: 10, readBytes: 0, kept: both };
    assert.deepEqual(counts, { ...mail, scanned: 5, readBytes: 9 });
    const none = { scanned: 1, removed: 0, freedBytes: 0, readBytes: 0, kept: {} };
    assert.deepEqual(usecases, [{ usecase: 'mail', ...mail }, none]);
  });

  it('shows the usecases with the most entries, and the others in one', () => {
    const tally = createSweepTally();
    const usecases = 2 * usecasesHeldMax;
    for (let at = 1; at <= usecases; at += 1) tally.add(seen(`u${at}`, at));
    const shown = tally.findings().usecases;
    assert.equal(shown.length, usecasesShownMax + 1);
    assert.deepEqual([shown[0]?.usecase, shown[0]?.scanned], [`u${usecases}`, usecases]);
    assert.equal(shown.at(-1)?.usecase, undefined);
    const all = shown.reduce((sum, { scanned }) => sum + scanned, 0);
    assert.equal(all, (usecases * (usecases + 1)) / 2);
    assert.equal(tally.findings().counts.scanned, all);
  });

  it('loses nothing by being looked at', () => {
    const [looked, unlooked] = [createSweepTally(), createSweepTally()];
    for (let round = 0; round < 2; round += 1) {
      for (let at = 0; at < usecasesShownMax + 10; at += 1) {
        looked.add(seen(`u${at}`, 1));
        unlooked.add(seen(`u${at}`, 1));
        if (at % 100 === 0) looked.findings();
      }
    }
    assert.deepEqual(looked.findings(), unlooked.findings());
  });

  it('shows the first of what is damaged or undecided, and counts all of it', () => {
    const tally = createSweepTally();
    const damage = someDamage(createSweepBed());
    for (let step = 0; step < 3; step += 1) {
      const some = Array.from({ length: 60 }, () => 0);
      const undecidedEntries = some.map(() => anEntry);
      tally.add({ found: [], damage: some.map(() => damage), undecidedEntries });
    }
    const findings = tally.findings();
    assert.deepEqual([findings.damaged, findings.undecided], [180, 180]);
    assert.equal(findings.damage.length, damageShownMax);
    assert.equal(findings.undecidedEntries.length, undecidedShownMax);
  });

  it('goes on from what was found before', () => {
    const steps = Array.from({ length: 6 }, (_, at) => ({
      ...seen(at % 3 === 0 ? undefined : `u${at % 2}`, at * at),
      undecidedEntries: [anEntry],
    }));
    const whole = createSweepTally();
    for (const step of steps) whole.add(step);
    const first = createSweepTally();
    for (const step of steps.slice(0, 3)) first.add(step);
    const second = createSweepTally(first.findings());
    for (const step of steps.slice(3)) second.add(step);
    assert.deepEqual(second.findings(), whole.findings());
  });
});
