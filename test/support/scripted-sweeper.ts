import { sweeper, type Duration } from '@holdfast/contracts';
import { download, reasonError, unary, type MessageWriter, type RpcMethod } from '@holdfast/rpc';

const contract = sweeper.SweeperServiceService;

/** A SweeperService that follows a script, and sweeps nothing. */
export interface ScriptedSweeper {
  readonly methods: readonly RpcMethod[];
  /** What was asked for: the method, and the request. */
  readonly asked: (readonly [method: string, request: unknown])[];
  /** What a run tells, until it returns; what it throws is what the call ends with. */
  script: (tell: Tell, signal: AbortSignal) => Promise<void>;
  /** The newest first. */
  reports: sweeper.SweepReport[];
}

export interface Tell {
  progress(progress: Partial<sweeper.SweepProgress>): Promise<void>;
  report(report: Partial<sweeper.SweepReport>): Promise<void>;
}

interface News {
  readonly update:
    | { readonly $case: 'progress'; readonly value: sweeper.SweepProgress }
    | { readonly $case: 'report'; readonly value: sweeper.SweepReport };
}

export const runId = '01a1fe35-f47a-7000-be3d-a11e20858c90';

export function createScriptedSweeper(): ScriptedSweeper {
  const run = (kind: sweeper.SweepKind, method: string) => {
    return (request: unknown, responses: MessageWriter<News>, context: { signal: AbortSignal }) => {
      scripted.asked.push([method, request]);
      return scripted.script(tellBy(kind, responses), context.signal);
    };
  };
  const { SweepKind, SweepState } = sweeper;
  const scripted: ScriptedSweeper = {
    asked: [],
    reports: [],
    script: (tell) => tell.report({}),
    methods: [
      download(contract.recoverChanges, run(SweepKind.RECOVER_CHANGES, 'recover')),
      download(contract.reclaimOrphans, run(SweepKind.RECLAIM_ORPHANS, 'orphans')),
      download(contract.expireObjects, run(SweepKind.EXPIRE_OBJECTS, 'expire')),
      download(contract.verifyObjects, run(SweepKind.VERIFY_OBJECTS, 'verify')),
      unary(contract.listReports, async (request) => {
        scripted.asked.push(['reports', request]);
        return pageOf(scripted.reports, request);
      }),
      unary(contract.cancelSweep, async (request) => {
        scripted.asked.push(['cancel', request]);
        const found = scripted.reports.find(({ runId: id }) => id === request.runId);
        if (found !== undefined) return { state: found.state };
        if (request.runId === runId) return { state: SweepState.RUNNING };
        throw reasonError('SWEEP_NOT_FOUND', 'there is no such run');
      }),
    ],
  };
  return scripted;
}

/** A report of a run of orphans that came to the end and found nothing, but for what is given. */
export function someReport(given: Partial<sweeper.SweepReport> = {}): sweeper.SweepReport {
  return sweeper.SweepReport.fromPartial({
    runId,
    kind: sweeper.SweepKind.RECLAIM_ORPHANS,
    state: sweeper.SweepState.ENDED,
    limit: { duration: seconds(600) },
    timeStarted: new Date('2026-11-21T10:00:00Z'),
    elapsed: seconds(7),
    ...given,
  });
}

export function seconds(count: number): Duration {
  return { seconds: BigInt(count), nanos: 0 };
}

export function countsOf(given: Partial<sweeper.SweepCounts>): sweeper.SweepCounts {
  return sweeper.SweepCounts.fromPartial(given);
}

function tellBy(kind: sweeper.SweepKind, responses: MessageWriter<News>): Tell {
  return {
    progress: (given) => {
      const value = sweeper.SweepProgress.fromPartial({ runId, ...given });
      return responses.write({ update: { $case: 'progress', value } });
    },
    report: (given) => {
      const value = someReport({ kind, ...given });
      return responses.write({ update: { $case: 'report', value } });
    },
  };
}

function pageOf(
  all: readonly sweeper.SweepReport[],
  { kind, pageSize, pageToken }: sweeper.ListReportsRequest,
): sweeper.ListReportsResponse {
  const matching = all.filter((report) => kind === 0 || report.kind === kind);
  const begin = Number(pageToken);
  const end = begin + pageSize;
  const nextPageToken = end < matching.length ? String(end) : '';
  return { reports: matching.slice(begin, end), nextPageToken };
}
