import type { maintenance } from '@holdfast/contracts';
import {
  invalidPageToken,
  parsePageSize,
  parsePageToken,
  parseStoragePath,
  type ExpireObjectsReport,
  type StoragePath,
  type UndecidedEntry,
} from '@holdfast/domain';
import type { UnaryHandler } from '@holdfast/rpc';
import type { MaintenanceDependencies } from './dependencies.js';
import { countMessage, undecidedMessage } from './messages.js';
import { readPage, readTimeLimitMs } from './request-bounds.js';

const tokenFormat = 'expire-1:';

/** Takes one step through the rows and empties those whose time has come. */
export function createExpireObjects({
  engine,
}: Pick<MaintenanceDependencies, 'engine'>): UnaryHandler<
  maintenance.ExpireObjectsRequest,
  maintenance.ExpireObjectsResponse
> {
  return async (request, { signal }) => {
    const timeMsMax = readTimeLimitMs(request.timeLimit);
    const { pageSize, pageToken } = readPage(request);
    const examinedMax = parsePageSize(pageSize);
    const after = afterToken(pageToken);
    const { dryRun } = request;
    const report = await engine.expireObjects({ after, examinedMax, timeMsMax, dryRun, signal });
    signal.throwIfAborted();
    return {
      counts: report.counts.map(countMessage),
      undecided: [...failedEntries(report), ...report.undecided].map(undecidedMessage),
      nextPageToken: report.next === undefined ? '' : `${tokenFormat}${report.next}`,
    };
  };
}

function afterToken(token: string | undefined): StoragePath | undefined {
  const path = parsePageToken(token, tokenFormat);
  if (token === undefined || path === undefined) return undefined;
  try {
    return parseStoragePath(path).path;
  } catch {
    // What is wrong with the path within the token is nothing to its sender.
    throw invalidPageToken(token);
  }
}

function failedEntries({ failed }: ExpireObjectsReport): UndecidedEntry[] {
  return failed.map(({ id, cause }) => ({
    where: id.path,
    why: cause instanceof Error ? cause.message : String(cause),
  }));
}
