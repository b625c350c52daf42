import type { Context, Runnable } from 'mocha';

/**
 * Marks a test as pending where the machine lacks what it needs, and says what; in a `before`, all
 * tests of the suite. With HOLDFAST_REQUIRE_ALL=1 (as in CI) a missing part is a failure, so that no
 * suite is skipped there unnoticed.
 */
export function skipWithout(context: Context, available: boolean, missing: string): void {
  if (available) return;
  if (process.env['HOLDFAST_REQUIRE_ALL'] === '1') throw new Error(`required here: ${missing}`);
  for (const test of testsOf(context)) test.title += ` (pending without ${missing})`;
  context.skip();
}

/** Those that `skip` marks. The title of a hook is never printed. */
function testsOf({ test }: Context): readonly Runnable[] {
  if (test === undefined || !isHook(test)) return test === undefined ? [] : [test];
  const tests: Runnable[] = [];
  test.parent?.eachTest((each) => tests.push(each));
  return tests;
}

function isHook(runnable: Runnable): boolean {
  return 'type' in runnable && runnable.type === 'hook';
}
