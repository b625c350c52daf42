import type { maintenance } from '@holdfast/contracts';
import { changeIdOf, isRevision, type Change, type DiscardOutcome } from '@holdfast/domain';
import { invalidField, type CallContext, type UnaryHandler } from '@holdfast/rpc';
import { createAnswerRoom } from './answer-room.js';
import type { MaintenanceDependencies } from './dependencies.js';
import { createEntryErrors } from './entry-errors.js';
import { createInOrder } from './in-order.js';
import { changeMessage } from './messages.js';
import { checkEntries } from './request-bounds.js';

const reasonCharactersMax = 1_000;

/** Gives the named changes up, and writes down who wanted that, and why. */
export function createDiscardChanges(
  dependencies: Pick<MaintenanceDependencies, 'engine' | 'logger'>,
): UnaryHandler<maintenance.DiscardChangesRequest, maintenance.DiscardChangesResponse> {
  const { engine, logger } = dependencies;
  const inOrder = createInOrder();

  async function discard(changeId: string): Promise<DiscardOutcome> {
    // What is no id was never on the log.
    if (!isRevision(changeId)) return { kind: 'not-on-log' };
    return engine.discardChange(changeIdOf(changeId));
  }

  return async (request, context) => {
    const { changeIds, reason } = request;
    checkEntries('change_ids', changeIds);
    checkReason(reason);
    const errors = createEntryErrors(dependencies, context);
    const room = createAnswerRoom();
    const results = await inOrder(changeIds, context.signal, async (changeId) => {
      try {
        // The caller has to be told what was given up.
        room.check();
        const outcome = await discard(changeId);
        const change = outcome.kind === 'discarded' ? outcome.change : undefined;
        if (change !== undefined) {
          logger.warn(auditFields(change, reason, context), 'a change was discarded');
          room.take(change);
        }
        const value = { change: change && changeMessage(change) };
        return { changeId, result: { $case: 'discarded' as const, value } };
      } catch (error) {
        return { changeId, result: { $case: 'error' as const, value: errors.toStatus(error) } };
      }
    });
    errors.report();
    return { results };
  };
}

function checkReason(reason: string): void {
  // Not twice what is one character of two UTF-16 units.
  const characters = reason.replaceAll(/[\udc00-\udfff]/g, '').length;
  if (characters >= 1 && characters <= reasonCharactersMax) return;
  const why = `must be 1 to ${reasonCharactersMax} characters`;
  throw invalidField('INVALID_BATCH', 'reason', why);
}

function auditFields(change: Change, reason: string, context: CallContext) {
  const { changeId, objectId, newBlob, oldBlob } = change;
  const { requestId, peer } = context;
  return {
    audit: true,
    changeId,
    object: objectId.path,
    newBlob,
    oldBlob,
    reason,
    requestId,
    peer,
  };
}
