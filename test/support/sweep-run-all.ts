import assert from 'node:assert/strict';
import type { SweepClient, SweepMethod } from './sweep-client.js';
import type { LimitMessage, ReportMessage } from './sweep-messages.js';

const runsMax = 100;

/** Runs a sweep again and again until one is not cut short. */
export async function runAll(
  sweeps: SweepClient,
  method: SweepMethod,
  limit: LimitMessage,
): Promise<readonly ReportMessage[]> {
  const reports: ReportMessage[] = [];
  while (reports.at(-1)?.truncatedDueToLimit ?? reports.length === 0) {
    assert.ok(reports.length < runsMax, 'every run comes further');
    reports.push(await sweeps.run(method, { limit }));
  }
  return reports;
}
