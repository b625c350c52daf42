import type { Context } from 'mocha';

/**
 * Marks a test as pending where the machine lacks what it needs, and says what. With
 * HOLDFAST_REQUIRE_ALL=1 (as in CI) a missing part is a failure, so that no suite is skipped there
 * unnoticed.
 */
export function skipWithout(context: Context, available: boolean, missing: string): void {
  if (available) return;
  if (process.env['HOLDFAST_REQUIRE_ALL'] === '1') throw new Error(`required here: ${missing}`);
  if (context.test !== undefined) context.test.title += ` (pending: ${missing})`;
  context.skip();
}
