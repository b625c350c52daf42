import {
  compareUtf8,
  invalidPageToken,
  isSweepRunId,
  limits,
  sweepKinds,
  type SweepKind,
  type SweepReport,
  type SweepReportPage,
  type SweepRunId,
} from '@holdfast/domain';
import type { RedisClient } from './connect-redis.js';
import { runsMax, type SweepKeys } from './sweep-keys.js';
import { decodeReport } from './sweep-report-codec.js';
import { readKept } from './sweep-unreadable.js';

/** Where a run stands among all: the newest first, then by its id. */
interface Place {
  readonly time: number;
  readonly runId: SweepRunId;
}

export interface ReportPageDependencies {
  readonly client: RedisClient;
  readonly keys: SweepKeys;
  /** Told of reports that are left out because this version cannot read them. */
  readonly unreadable: (cause: unknown) => void;
}

export interface ReportQuery {
  readonly kind: SweepKind | undefined;
  readonly cursor: string | undefined;
  readonly limit: number;
}

/** The reports after the cursor. Those that are gone or cannot be read are left out. */
export async function readReportPage(
  { kind, cursor, limit }: ReportQuery,
  dependencies: ReportPageDependencies,
): Promise<SweepReportPage> {
  const after = cursor === undefined ? undefined : parsePlace(cursor);
  const kinds = kind === undefined ? sweepKinds : [kind];
  const places = await Promise.all(kinds.map((one) => readPlaces(one, dependencies)));
  const all = places
    .flat()
    .filter((place) => after === undefined || comparePlaces(place, after) > 0)
    .toSorted(comparePlaces);
  const { reports, looked } = await readReports(all.slice(0, limit), dependencies);
  const last = all.length > looked ? all[looked - 1] : undefined;
  return { reports, ...(last === undefined ? {} : { next: formatPlace(last) }) };
}

/** `looked`: at so many of the places. */
async function readReports(places: readonly Place[], dependencies: ReportPageDependencies) {
  const reports: SweepReport[] = [];
  let [looked, bytes] = [0, 0];
  // One after the other: all of them together can be more than anybody wants to hold.
  for (const { runId } of places) {
    const text = await dependencies.client.hget(dependencies.keys.run(runId), 'report');
    bytes += Buffer.byteLength(text ?? '');
    if (reports.length > 0 && bytes > limits.sweepPageBytesMax) break;
    const report = text === null ? undefined : readReport(runId, text, dependencies);
    if (report !== undefined) reports.push(report);
    looked += 1;
  }
  return { reports, looked };
}

async function readPlaces(
  kind: SweepKind,
  { client, keys }: ReportPageDependencies,
): Promise<readonly Place[]> {
  const entries = await client.zrevrange(keys.runs(kind), 0, runsMax - 1, 'WITHSCORES');
  const places: Place[] = [];
  for (let index = 0; index < entries.length; index += 2) {
    const [runId = '', time] = entries.slice(index, index + 2);
    if (isSweepRunId(runId)) places.push({ runId, time: Number(time) });
  }
  return places;
}

function readReport(
  runId: SweepRunId,
  text: string,
  { unreadable }: ReportPageDependencies,
): SweepReport | undefined {
  try {
    return readKept(runId, () => decodeReport(runId, text));
  } catch (cause) {
    unreadable(cause);
    return undefined;
  }
}

function comparePlaces(left: Place, right: Place): number {
  return right.time - left.time || compareUtf8(right.runId, left.runId);
}

const placeText = /^(?<time>\d{1,16})\.(?<runId>[0-9a-f-]{36})$/;

function formatPlace({ time, runId }: Place): string {
  return `${time}.${runId}`;
}

function parsePlace(cursor: string): Place {
  const { time, runId = '' } = placeText.exec(cursor)?.groups ?? {};
  if (!isSweepRunId(runId)) throw invalidPageToken(cursor);
  return { time: Number(time), runId };
}
