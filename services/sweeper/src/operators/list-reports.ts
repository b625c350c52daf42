import type { sweeper } from '@holdfast/contracts';
import { invalid, parsePageToken, sweepKinds, type SweepKind } from '@holdfast/domain';
import { invalidField, type UnaryHandler } from '@holdfast/rpc';
import type { OperatorDependencies } from './dependencies.js';
import { reachQueue } from './sweep-errors.js';
import { kindMessage, reportMessage } from './sweep-messages.js';

const pageSizeDefault = 20;
const pageSizeMax = 100;

/** A token is good for the kind that it was made for: pages of another one are other pages. */
function tokenFormatOf(kind: SweepKind | undefined): string {
  return `reports-1:${kind ?? 'all'}:`;
}

/**
 * Lists what runs have done, and what those under way have done so far. Where reports are long, a page
 * has fewer than it may: it has to fit into a message.
 */
export function createListReports({
  queue,
}: Pick<OperatorDependencies, 'queue'>): UnaryHandler<
  sweeper.ListReportsRequest,
  sweeper.ListReportsResponse
> {
  return async (request) => {
    const kind = readKind(request.kind);
    const pageSize = readPageSize(request.pageSize);
    const format = tokenFormatOf(kind);
    const cursor = parsePageToken(request.pageToken || undefined, format);
    const page = await reachQueue(() => queue.ledger.listReports(kind, cursor, pageSize));
    return {
      reports: page.reports.map(reportMessage),
      nextPageToken: page.next === undefined ? '' : format + page.next,
    };
  };
}

function readKind(message: sweeper.SweepKind): SweepKind | undefined {
  if (message === 0) return undefined;
  const kind = sweepKinds.find((known) => kindMessage(known) === message);
  if (kind !== undefined) return kind;
  throw invalidField('INVALID_SELECTION', 'kind', 'must be one that this version knows');
}

function readPageSize(pageSize: number): number {
  if (pageSize <= pageSizeMax) return pageSize || pageSizeDefault;
  const allowed = `must be a whole number from 1 to ${pageSizeMax}`;
  throw invalid('INVALID_PAGE', 'page_size', pageSize, allowed);
}
