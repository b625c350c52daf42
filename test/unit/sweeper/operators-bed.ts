import type { sweeper } from '@holdfast/contracts';
import type { SweepKind, SweepReport } from '@holdfast/domain';
import { RpcError } from '@holdfast/rpc';
import { createCountingIds, createManualClock } from '@holdfast/testkit';
import assert from 'node:assert/strict';
import { createCancelSweep } from '../../../services/sweeper/src/operators/cancel-sweep.js';
import { createListReports } from '../../../services/sweeper/src/operators/list-reports.js';
import { createTrigger } from '../../../services/sweeper/src/operators/start-sweep.js';
import { readRequest } from '../../../services/sweeper/src/operators/sweep-requests.js';
import { callContext } from '../../support/maintenance.js';
import { createListener } from '../tiered-store/quiet.js';
import { createFakeQueue, nextTurn, reportOf } from './sweeper-bed.js';

export const leaseMs = 600_000;
export const kind: SweepKind = 'expire-objects';
const limit = { entries: 100n, duration: undefined, bytes: undefined };

/** The handlers of the SweeperService, and a queue that nobody works on by itself. */
export function arrange() {
  const clock = createManualClock();
  const queue = createFakeQueue(clock);
  const { logger, lines } = createListener();
  const draining = new AbortController();
  const dependencies = {
    queue,
    clock,
    ids: createCountingIds(clock),
    logger,
    draining: draining.signal,
  };
  const trigger = createTrigger(
    (request: sweeper.ExpireObjectsRequest) => readRequest(kind, request),
    dependencies,
  );
  return {
    clock,
    queue,
    lines,
    draining,
    list: createListReports(dependencies),
    cancel: createCancelSweep(dependencies),
    start(signal?: AbortSignal) {
      const updates: sweeper.RecoverChangesResponse['update'][] = [];
      const write = async ({ update }: sweeper.RecoverChangesResponse): Promise<void> =>
        void updates.push(update);
      const request = { limit, dryRun: false, fromStart: false };
      const call = trigger(request, { write }, callContext(signal));
      // Whoever looks at it only later must not be too late.
      call.catch(() => undefined);
      return { updates, call };
    },
    async pass(ms: number) {
      for (let passed = 0; passed < ms; passed += 250) {
        await nextTurn();
        clock.advance(250);
      }
      await nextTurn();
    },
  };
}

export type OperatorsBed = ReturnType<typeof arrange>;

/** As a sweeper does that takes the job of the run. */
export async function takeUp({ queue }: OperatorsBed) {
  const run = queue.added.at(-1) ?? assert.fail('a job was added');
  queue.waiting.delete(run.runId);
  const begun = await queue.ledger.begin(run, leaseMs);
  assert.ok(begun.kind === 'begun');
  const report = reportOf(run.request, { runId: run.runId, timeStarted: run.timeStarted });
  return {
    run,
    note: (more: Partial<SweepReport>) =>
      queue.ledger.note(begun.lease, { ...report, state: 'running', ...more }, leaseMs),
    end: (more: Partial<SweepReport> = {}) => queue.ledger.end(begun.lease, { ...report, ...more }),
  };
}

export function refusedAs(reason: string): (error: unknown) => boolean {
  return (error) => error instanceof RpcError && error.reason === reason;
}
