import type { ClientReadableStream } from '@grpc/grpc-js';
import { Metadata } from '@grpc/grpc-js';
import assert from 'node:assert/strict';
import { failureOf, methodOf, type Failure } from './loader-contract.js';
import { openLoaderClient } from './loader-client.js';
import type {
  ProgressMessage,
  ReportMessage,
  ReportsAnswer,
  SweepRequestMessage,
  UpdateMessage,
} from './sweep-messages.js';

export type SweepMethod = 'RecoverChanges' | 'ReclaimOrphans' | 'ExpireObjects' | 'VerifyObjects';

/** What operators ask of a sweeper. */
export interface SweepClient {
  /** Runs a sweep to its end, which must not be an error. `fullLimit` where none is given. */
  run(method: SweepMethod, request?: SweepRequestMessage): Promise<ReportMessage>;
  /** Begins a run, which must not be refused, and answers when it has told its id. */
  start(method: SweepMethod, request?: SweepRequestMessage): Promise<StartedSweep>;
  /** How a run is refused or fails. Fails itself when it does not. */
  refusal(method: SweepMethod, request: SweepRequestMessage): Promise<Failure>;
  /** Newest first, page by page. */
  reports(pageSize?: number): Promise<readonly ReportMessage[]>;
  report(runId: string): Promise<ReportMessage>;
  /** Answers the state that the run had. */
  cancel(runId: string): Promise<string>;
  close(): void;
}

/** A run as its caller sees it. */
export interface StartedSweep {
  readonly runId: string;
  /** All that it has told so far. */
  readonly progress: readonly ProgressMessage[];
  /** Its last message, and how the call has failed if it has. */
  readonly end: Promise<SweepEnd>;
  /** Goes away, as a caller does who presses Ctrl-C. */
  leave(): void;
}

export interface SweepEnd {
  readonly report: ReportMessage | undefined;
  readonly failure: Failure | undefined;
}

/** So far no run of a test ever comes. */
export const fullLimit = { entries: 10_000_000 };

const runMsMaxDefault = 60_000;
const pageSizeDefault = 20;

/** `runMsMax`: how long one run may take. */
export function openSweepClient(address: string, runMsMax = runMsMaxDefault): SweepClient {
  const loader = openLoaderClient(address, undefined, {
    // A sweeper that was restarted is found again soon.
    'grpc.initial_reconnect_backoff_ms': 50,
    'grpc.max_reconnect_backoff_ms': 200,
  });

  function open(method: SweepMethod, request: SweepRequestMessage): Opened {
    const { path, requestSerialize, responseDeserialize } = methodOf('sweeper', method);
    const call = loader.client.makeServerStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      new Metadata(),
      { deadline: Date.now() + runMsMax },
    ) as ClientReadableStream<UpdateMessage>;
    return follow(call);
  }

  const limited = (request: SweepRequestMessage = {}): SweepRequestMessage => {
    return { limit: fullLimit, ...request };
  };

  async function* pages(pageSize: number): AsyncGenerator<readonly ReportMessage[]> {
    let pageToken = '';
    do {
      const request = { pageSize, pageToken };
      const page = await loader.unary<ReportsAnswer>(['sweeper', 'ListReports'], request);
      yield page.reports ?? [];
      pageToken = page.nextPageToken ?? '';
    } while (pageToken !== '');
  }

  return {
    async run(method, request) {
      const { report, failure } = await open(method, limited(request)).end;
      assert.equal(failure, undefined, JSON.stringify(failure));
      assert.ok(report !== undefined, 'a run ends with its report');
      return report;
    },
    async start(method, request) {
      const { begun, ...started } = open(method, limited(request));
      const runId = await begun;
      if (runId === undefined)
        throw new Error(`no run begins: ${JSON.stringify(await started.end)}`);
      return { runId, ...started };
    },
    async refusal(method, request) {
      const { failure } = await open(method, request).end;
      assert.ok(failure !== undefined, 'the call fails');
      return failure;
    },
    async reports(pageSize = pageSizeDefault) {
      const reports: ReportMessage[] = [];
      for await (const page of pages(pageSize)) reports.push(...page);
      return reports;
    },
    async report(runId) {
      for await (const page of pages(pageSizeDefault)) {
        const found = page.find((report) => report.runId === runId);
        if (found !== undefined) return found;
      }
      throw new Error(`${runId} is not listed`);
    },
    async cancel(runId) {
      const request = { runId };
      const { state } = await loader.unary<{ state: string }>(['sweeper', 'CancelSweep'], request);
      return state;
    },
    close: () => loader.close(),
  };
}

interface Opened extends Omit<StartedSweep, 'runId'> {
  /** The id of the run, once it is known; `undefined` if the call ends before. */
  readonly begun: Promise<string | undefined>;
}

function follow(call: ClientReadableStream<UpdateMessage>): Opened {
  const progress: ProgressMessage[] = [];
  let report: ReportMessage | undefined;
  let tellId: (runId: string | undefined) => void = () => undefined;
  const begun = new Promise<string | undefined>((resolve) => {
    tellId = resolve;
  });

  async function read(): Promise<SweepEnd> {
    try {
      for await (const update of call as AsyncIterable<UpdateMessage>) {
        assert.equal(report, undefined, 'the report is the last message');
        if (update.progress !== undefined) progress.push(update.progress);
        ({ report } = update);
        tellId(update.progress?.runId ?? report?.runId);
      }
      return { report, failure: undefined };
    } catch (error) {
      return { report, failure: failureOf(error) };
    } finally {
      tellId(undefined);
    }
  }

  return { progress, begun, end: read(), leave: () => call.cancel() };
}
