import {
  noFindings,
  type SweepBegun,
  type SweepLease,
  type SweepLedger,
  type SweepNoted,
  type SweepReport,
  type SweepRun,
} from '@holdfast/domain';
import { randomUUID } from 'node:crypto';
import type { AskRedis } from './ask-redis.js';
import { readList, readOneOf } from './read-json.js';
import { runScript } from './run-script.js';
import { runsMax } from './sweep-keys.js';
import { beginScript, cancelScript, noteScript, renewScript } from './sweep-ledger-scripts.js';
import { decodeReport, encodeReport, sweepStates } from './sweep-report-codec.js';
import { readReportPage, type ReportPageDependencies } from './sweep-report-page.js';
import { readSweepRunId } from './sweep-request-codec.js';
import { readKept } from './sweep-unreadable.js';

export interface LedgerDependencies extends ReportPageDependencies {
  readonly ask: AskRedis;
}

const dayMs = 24 * 60 * 60_000;
/** A run that nobody has gone on with for so long is forgotten. */
const runningMs = dayMs;
const endedMs = 90 * dayMs;
/** Whoever asked for a run looks for it every now and then, and perhaps not while Redis is away. */
const takenMs = 10 * 60_000;

/** The ledger on Redis. Leases last by its clock alone. */
export function createSweepLedger(dependencies: LedgerDependencies): SweepLedger {
  const { client, ask, keys } = dependencies;

  async function begin(run: SweepRun, leaseMs: number): Promise<SweepBegun> {
    const { runId, timeStarted, request } = run;
    const { kind } = request;
    const token = randomUUID();
    const first = encodeReport(firstReport(run));
    const answer = await runScript(
      client,
      beginScript,
      [keys.lease(kind), keys.cursor(kind), keys.run(runId), keys.runs(kind)],
      [runId, token, leaseMs, timeStarted, first, runningMs, runsMax, keys.run(''), takenMs],
    );
    return readBegun({ kind, runId, token }, answer);
  }

  async function write(
    { kind, runId, token }: SweepLease,
    report: SweepReport,
    leaseMs: number,
    keepMs: number,
  ): Promise<SweepNoted> {
    const noted = [report.state, encodeReport(report), keepMs, ...cursorArguments(report)];
    const answer = await runScript(
      client,
      noteScript,
      [keys.lease(kind), keys.cursor(kind), keys.run(runId)],
      [`${runId} ${token}`, leaseMs, ...noted],
    );
    return readNoted(answer);
  }

  async function renew({ kind, runId, token }: SweepLease, leaseMs: number): Promise<SweepNoted> {
    const of = [keys.lease(kind), keys.run(runId)];
    const given = [`${runId} ${token}`, leaseMs, runningMs];
    return readNoted(await runScript(client, renewScript, of, given));
  }

  return {
    begin: (run, leaseMs) => ask(() => begin(run, leaseMs)),

    note: (lease, report, leaseMs) => ask(() => write(lease, report, leaseMs, runningMs)),

    renew: (lease, leaseMs) => ask(() => renew(lease, leaseMs)),

    async end(lease, report) {
      const answer = await ask(() => write(lease, report, 0, endedMs));
      return answer === 'lost' ? 'lost' : 'ended';
    },

    async cancel(runId) {
      const state = await ask(() => runScript(client, cancelScript, [keys.run(runId)], []));
      return state === null ? undefined : readKept(runId, () => readOneOf(sweepStates)(state));
    },

    async report(runId) {
      const text = await ask(() => client.hget(keys.run(runId), 'report'));
      return text === null ? undefined : readKept(runId, () => decodeReport(runId, text));
    },

    async takenBy(runId) {
      const taker = await ask(() => client.hget(keys.run(runId), 'taken'));
      return taker === null ? undefined : readKept(runId, () => readSweepRunId(taker));
    },

    async running(kind) {
      const lease = await ask(() => client.get(keys.lease(kind)));
      const runId = lease?.split(' ')[0] ?? '';
      return runId === '' ? undefined : readKept(runId, () => readSweepRunId(runId));
    },

    listReports: (kind, cursor, limit) =>
      ask(() => readReportPage({ kind, cursor, limit }, dependencies)),
  };
}

const readNoted = readOneOf<SweepNoted>(['go-on', 'cancelled', 'lost']);

/** So that a run can be seen and cancelled from its beginning on. */
function firstReport({ runId, request, timeStarted }: SweepRun): SweepReport {
  const nothingYet = { elapsedMs: 0, findings: noFindings, truncated: false };
  return { runId, request, state: 'running', timeStarted, ...nothingYet };
}

/** Its version is in front. One of another version counts as none. */
const cursorText = /^1 (?<cursor>[\s\S]+)$/;

function cursorArguments({ request, cursor }: SweepReport): [string, string] {
  if (request.dryRun) return ['keep', ''];
  return cursor === undefined ? ['clear', ''] : ['set', `1 ${cursor}`];
}

function readBegun(lease: SweepLease, answer: unknown): SweepBegun {
  const [kind, first, second] = readList<unknown>(answer, (value) => value, 3);
  const { runId } = lease;
  switch (readOneOf(['over', 'taken', 'begun'])(kind)) {
    case 'over':
      return { kind: 'over', report: readKept(runId, () => decodeReport(runId, String(first))) };
    case 'taken':
      return { kind: 'taken', runId: readKept(String(first), () => readSweepRunId(first)) };
    case 'begun':
      if (typeof second !== 'string') return begun(lease, parseCursor(first));
      return takenOver(lease, second);
  }
}

function parseCursor(value: unknown): string | undefined {
  return typeof value === 'string' ? cursorText.exec(value)?.groups?.['cursor'] : undefined;
}

function takenOver(lease: SweepLease, text: string): SweepBegun {
  const before = readKept(lease.runId, () => decodeReport(lease.runId, text));
  return { ...begun(lease, before.cursor), before };
}

function begun(lease: SweepLease, cursor: string | undefined) {
  return { kind: 'begun', lease, ...(cursor === undefined ? {} : { cursor }) } as const;
}
