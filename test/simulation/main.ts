import {
  brokenVariants,
  createCoverage,
  explore,
  honest,
  huntSeed,
  longPlans,
  quickPlans,
  shrink,
  simulateSeed,
  widerPlans,
  type FailingSchedule,
  type SmallPlan,
  type Variant,
} from '@holdfast/testkit';
import { parseArgs } from 'node:util';

/*
 * npm run simulate                      explores the small plans, hunts every fault, runs some seeds
 * npm run simulate -- --seeds 100000    so many random seeds, beginning --from
 * npm run simulate -- --seed 234        one seed, with its trace
 * npm run simulate -- --long 4          the long plans, then random seeds for four hours
 * npm run simulate -- --variant NAME    a broken variant, until it is caught
 */
const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string' },
    from: { type: 'string', default: '1' },
    long: { type: 'string' },
    variant: { type: 'string', default: honest.name },
  },
});

const huntedSeeds = 7_500;
const quickSeeds = 10_000;
const schedulesMax = 50_000_000;
const reportEvery = 50_000;
const hourMs = 3_600_000;

const variant = [honest, ...brokenVariants].find(({ name }) => name === values.variant);
if (variant === undefined) {
  const names = brokenVariants.map(({ name, flaw }) => `  ${name}: ${flaw}`).join('\n');
  stop(`--variant: must be one of\n${names}`);
} else if (values.seed !== undefined) {
  await replay(wholeNumber('--seed', values.seed), variant);
} else if (values.seeds !== undefined) {
  const from = wholeNumber('--from', values.from);
  const count = wholeNumber('--seeds', values.seeds);
  await runSeeds(from, (seed) => seed < from + count, variant);
} else if (values.long !== undefined) {
  const until = Date.now() + wholeNumber('--long', values.long) * hourMs;
  await explorePlans([...quickPlans, ...widerPlans, ...longPlans], variant);
  await runSeeds(wholeNumber('--from', values.from), () => Date.now() < until, variant);
} else {
  await explorePlans([...quickPlans, ...widerPlans], variant);
  await hunt(variant);
  await runSeeds(1, (seed) => seed <= quickSeeds, variant);
}

async function explorePlans(plans: readonly SmallPlan[], broken: Variant): Promise<void> {
  for (const { name, plan } of plans) {
    const started = Date.now();
    const found = await explore({ plan, variant: broken, schedulesMax });
    const extent = found.complete ? 'every schedule' : 'cut short';
    const states = found.states.toLocaleString('en');
    const steps = found.steps.toLocaleString('en');
    print(
      `${name}: ${extent}, ${states} states, ${steps} steps, ${rate(found.schedules, started)}`,
    );
    if (found.violation !== undefined) print(`  ${found.violation.what}`);
    if (found.violation !== undefined) process.exit(1);
  }
}

async function hunt(broken: Variant): Promise<void> {
  const coverage = createCoverage();
  const started = Date.now();
  for (let seed = 1; seed <= huntedSeeds; seed += 1) {
    const result = await huntSeed(seed, broken, coverage);
    if (result.violation !== undefined) await showFailure(seed, result, broken);
  }
  const { points, covered, possible, missing } = coverage.report();
  const share = ((covered / possible) * 100).toFixed(1);
  print(
    `faults: ${share} % of ${possible} (await point × fault) at ${points} await points, ` +
      rate(huntedSeeds, started),
  );
  for (const gap of missing) print(`  never tried: ${gap}`);
}

async function runSeeds(
  from: number,
  goOn: (seed: number) => boolean,
  broken: Variant,
): Promise<void> {
  const started = Date.now();
  let seed = from;
  for (; goOn(seed); seed += 1) {
    const result = await simulateSeed(seed, broken);
    if (result.violation !== undefined) await showFailure(seed, result, broken);
    if ((seed - from + 1) % reportEvery === 0)
      print(`seed ${seed}: ${rate(seed - from + 1, started)}`);
  }
  print(`seeds ${from} to ${seed - 1}: no violation, ${rate(seed - from, started)}`);
}

async function replay(seed: number, broken: Variant): Promise<void> {
  const result = await simulateSeed(seed, broken);
  if (result.violation !== undefined) return showFailure(seed, result, broken);
  print(JSON.stringify(result.plan));
  for (const step of result.trace) print(`  ${step}`);
  print(`seed ${seed}: no violation in ${result.steps} steps`);
}

async function showFailure(
  seed: number,
  failing: FailingSchedule,
  broken: Variant,
): Promise<never> {
  print(`seed ${seed} fails: ${failing.violation}`);
  print(`shrinking ${failing.steps} steps …`);
  const small = await shrink(failing, broken);
  print(`${small.steps} steps: ${small.violation}`);
  print(JSON.stringify(small.plan));
  for (const step of small.trace) print(`  ${step}`);
  print(`replay with: npm run simulate -- --seed ${seed} --variant ${broken.name}`);
  process.exit(1);
}

function rate(schedules: number, started: number): string {
  const seconds = (Date.now() - started) / 1000;
  const perSecond = Math.round(schedules / seconds).toLocaleString('en');
  return `${schedules.toLocaleString('en')} schedules in ${seconds.toFixed(1)} s, ${perSecond}/s`;
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0)
    stop(`${name}: must be a whole number, is ${text}`);
  return value;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function stop(why: string): never {
  process.stderr.write(`${why}\n`);
  process.exit(2);
}
