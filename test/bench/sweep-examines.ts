import assert from 'node:assert/strict';
import { withParts } from './cleanup-parts.js';
import { median } from './measure.js';
import { cpuSecondsOf, peakPrivateOverIdle } from './process-usage.js';
import type { BenchResult } from './report.js';
import { openSweepBed, startSweeper, type BenchSweeper, type SweepMethod } from './sweep-bed.js';
import { orphansAmong } from './sweep-stock.js';
import type { Walk } from './sweep-walk-process.js';
import { startWalker, type Walker } from './sweep-walker.js';

const memoryMiBMax = 64;

/** A sweep, and the walks that it is compared to. */
interface Contest {
  readonly name: string;
  readonly method: SweepMethod;
  readonly dryRun: boolean;
  readonly walks: readonly Walk[];
}

const contests: readonly Contest[] = [
  {
    name: 'orphans, dry run',
    method: 'reclaimOrphans',
    dryRun: true,
    walks: ['waiting', 'blocking'],
  },
  { name: 'orphans', method: 'reclaimOrphans', dryRun: false, walks: ['waiting'] },
  { name: 'expired objects', method: 'expireObjects', dryRun: false, walks: ['rows'] },
];

/** What the baseline of a row is. The goal for orphans is set against the first. */
const walkNames: Readonly<Record<Walk, string>> = {
  waiting: 'baseline: walk and get by promises, which the goal of 0.5 is about',
  blocking: 'beside: walk and get that block their process, for which there is no goal',
  rows: 'baseline: a bare cursor',
};

/** What examining one entry takes, in a store with so many. */
export interface Examined {
  readonly results: readonly BenchResult[];
  /** Microseconds, by the name of the sweep. */
  readonly perEntry: ReadonlyMap<string, number>;
}

/** Full sweeps without pauses, by turns with walks through the same directories. */
export function measureExamines(entries: number, rounds: number): Promise<Examined> {
  return withParts(async (closeLater) => {
    const bed = await openSweepBed(entries, closeLater);
    const sweeper = await startSweeper(bed, { HOLDFAST_RUNS__BUSY_SHARE: '1' }, closeLater);
    const walker = startWalker(bed);
    closeLater(() => walker.stop());
    const size = `${entries.toLocaleString('en')} entries`;
    const pids = [sweeper.pid, bed.store.pid];
    const results: BenchResult[] = [];
    const perEntry = new Map<string, number>();

    const sweepAll = async (): Promise<void> => {
      await sweeper.sweep('reclaimOrphans', { dryRun: true });
      await sweeper.sweep('expireObjects', { dryRun: true });
    };
    // A process that has never done anything grows by what its runtime sets aside for any work.
    const first = await peakPrivateOverIdle(pids, sweepAll);
    results.push(...memoryResults(`first sweeps of ${size}`, first));
    const later = await peakPrivateOverIdle(pids, sweepAll);
    results.push(...memoryResults(`later sweeps of ${size}`, later));
    for (const contest of contests) {
      for (const walk of contest.walks) await walker.walk(walk);
      const times: Round[] = [];
      for (let round = 0; round < rounds; round += 1) {
        await bed.forgetOrphans();
        times.push(await measureRound(contest, entries, { pids, sweeper, walker }));
      }
      results.push(...roundResults(`${contest.name}, ${size}`, contest, times));
      perEntry.set(contest.name, median(times.map(({ ours }) => ours * 1e6)));
    }
    return { results, perEntry };
  });
}

/** Seconds for one entry. */
interface Round {
  readonly ours: number;
  /** Of the sweeper and of the store. */
  readonly cpu: readonly number[];
  readonly walks: readonly WalkTimes[];
}

/** Seconds for one entry. */
interface WalkTimes {
  readonly time: number;
  readonly cpu: number;
}

interface Rivals {
  readonly pids: readonly number[];
  readonly sweeper: BenchSweeper;
  readonly walker: Walker;
}

async function measureRound(
  { method, dryRun, walks }: Contest,
  entries: number,
  { pids, sweeper, walker }: Rivals,
): Promise<Round> {
  const isOfBlobs = method === 'reclaimOrphans';
  const orphans = orphansAmong(entries);
  const expected = isOfBlobs ? entries : entries - orphans;
  const walked: WalkTimes[] = [];
  for (const walk of walks) walked.push(await measureWalk(walk, expected, walker));
  const before = pids.map(cpuSecondsOf);
  const swept = await sweeper.sweep(method, { dryRun });
  const after = pids.map(cpuSecondsOf);
  assert.equal(swept.scanned, expected, 'the sweep sees every entry');
  assert.equal(swept.removed, isOfBlobs ? orphans : 0, 'the sweep finds what there is to find');
  const cpu = after.map((seconds, index) => (seconds - (before[index] ?? 0)) / expected);
  return { ours: swept.seconds / expected, cpu, walks: walked };
}

async function measureWalk(walk: Walk, expected: number, walker: Walker): Promise<WalkTimes> {
  const before = cpuSecondsOf(walker.pid);
  const { entries, seconds } = await walker.walk(walk);
  assert.equal(entries, expected, 'the walk sees every entry');
  return { time: seconds / entries, cpu: (cpuSecondsOf(walker.pid) - before) / entries };
}

/** Entries a second against each walk, and what processor time they take against the first. */
function roundResults(
  name: string,
  { walks }: Contest,
  rounds: readonly Round[],
): readonly BenchResult[] {
  const medianOf = (of: (round: Round) => number | undefined): number =>
    median(rounds.map((round) => of(round) ?? Number.NaN));
  const rates = walks.map((walk, index): BenchResult => {
    const timeOf = ({ walks: times }: Round): number => times[index]?.time ?? Number.NaN;
    return {
      name: `${name} (${walkNames[walk]})`,
      value: medianOf(({ ours }) => 1 / ours),
      baseline: medianOf((round) => 1 / timeOf(round)),
      ratio: medianOf((round) => timeOf(round) / round.ours),
      unit: 'entries/s',
    };
  });
  const baseline = medianOf((round) => (round.walks[0]?.cpu ?? Number.NaN) * 1e6);
  const cpu = ['sweeper', 'store'].map((who, index): BenchResult => {
    const value = medianOf((round) => (round.cpu[index] ?? Number.NaN) * 1e6);
    return { name: `${name}: ${who}`, value, baseline, ratio: value / baseline, unit: 'CPU µs' };
  });
  return [...rates, ...cpu];
}

/** Compared to what it may take. */
function memoryResults(what: string, peaks: readonly number[]): readonly BenchResult[] {
  return ['sweeper', 'store'].map((who, index) => {
    const value = peaks[index] ?? Number.NaN;
    const ratio = value / memoryMiBMax;
    const name = `${what}: ${who} over idle (baseline: what it may)`;
    return { name, value, baseline: memoryMiBMax, ratio, unit: 'MiB' };
  });
}
