import type { maintenance } from '@holdfast/contracts';
import type { UnaryHandler } from '@holdfast/rpc';
import type { MaintenanceDependencies } from './dependencies.js';
import { changeMessage, undecidedMessage } from './messages.js';
import { readDueAt, readPage } from './request-bounds.js';

/** Lists the changes that are not settled yet. */
export function createListChanges({
  engine,
}: Pick<MaintenanceDependencies, 'engine'>): UnaryHandler<
  maintenance.ListChangesRequest,
  maintenance.ListChangesResponse
> {
  return async (request) => {
    const dueAt = readDueAt(request.dueAt);
    const page = await engine.listChanges({ ...readPage(request), dueAt });
    return {
      changes: page.changes.map(changeMessage),
      undecided: page.undecided.map(undecidedMessage),
      nextPageToken: page.nextPageToken ?? '',
    };
  };
}
