import { maintenance } from '@holdfast/contracts';
import {
  changeIdOf,
  isRevision,
  type BlobFate,
  type Change,
  type SettleOutcome,
  type SettleRequest,
} from '@holdfast/domain';
import type { UnaryHandler } from '@holdfast/rpc';
import { createAnswerRoom } from './answer-room.js';
import type { MaintenanceDependencies } from './dependencies.js';
import { createEntryErrors } from './entry-errors.js';
import { createInOrder } from './in-order.js';
import { changeMessage } from './messages.js';
import { checkEntries } from './request-bounds.js';

const { BlobState, SettleOutcome: Outcome } = maintenance;

/** Settles the changes that the caller names. What it says about them is a hint. */
export function createSettleChange(
  dependencies: Pick<MaintenanceDependencies, 'engine' | 'logger'>,
): UnaryHandler<maintenance.SettleChangeRequest, maintenance.SettleChangeResponse> {
  const { engine } = dependencies;
  const inOrder = createInOrder();
  return async (request, context) => {
    checkEntries('change_ids', request.changeIds);
    const errors = createEntryErrors(dependencies, context);
    const how = howToSettle(request);
    const room = createAnswerRoom();
    const settle = async (changeId: string): Promise<maintenance.SettleResult> => {
      let change: maintenance.Change | undefined;
      const found = (onLog: Change): void => {
        change = changeMessage(onLog);
        room.take(onLog);
      };
      try {
        room.check();
        // What is no id was never on the log.
        const outcome = isRevision(changeId)
          ? await engine.settleChange({ ...how, changeId: changeIdOf(changeId), found })
          : ({ kind: 'already-resolved' } as const);
        return { changeId, change, result: { $case: 'settled', value: settledMessage(outcome) } };
      } catch (error) {
        return { changeId, change, result: { $case: 'error', value: errors.toStatus(error) } };
      }
    };
    const results = await inOrder(request.changeIds, context.signal, settle);
    errors.report();
    return { results };
  };
}

function howToSettle(request: maintenance.SettleChangeRequest): Omit<SettleRequest, 'changeId'> {
  return {
    youngChange: request.onlyDue ? 'keep' : 'settle',
    unnamedBlobs: request.ignoreReaders ? 'delete' : 'keep-for-readers',
    dryRun: request.dryRun,
  };
}

function settledMessage(outcome: SettleOutcome): maintenance.SettledChange {
  const blobs = 'blobs' in outcome ? outcome.blobs.map(blobMessage) : [];
  switch (outcome.kind) {
    case 'already-resolved':
      return { outcome: Outcome.ALREADY_RESOLVED, blobs, deadline: undefined };
    case 'still-young':
      return { outcome: Outcome.STILL_YOUNG, blobs, deadline: new Date(outcome.deadline) };
    case 'awaiting-readers':
      return { outcome: Outcome.AWAITING_READERS, blobs, deadline: new Date(outcome.until) };
    case 'committed':
      return { outcome: Outcome.COMMITTED, blobs, deadline: undefined };
    case 'superseded':
      return { outcome: Outcome.SUPERSEDED, blobs, deadline: undefined };
  }
}

const states: Readonly<Record<BlobFate['state'], maintenance.BlobState>> = {
  deleted: BlobState.DELETED,
  absent: BlobState.ABSENT,
  reclaimable: BlobState.RECLAIMABLE,
  live: BlobState.LIVE,
  'awaiting-readers': BlobState.AWAITING_READERS,
};

function blobMessage({ blob, state, size }: BlobFate): maintenance.BlobOutcome {
  return { blob, state: states[state], size: BigInt(size) };
}
