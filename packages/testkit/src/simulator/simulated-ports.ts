import {
  DomainError,
  hasCode,
  type BlobMetadata,
  type BlobName,
  type CleanupJobs,
  type CleanupProducer,
  type EngineDependencies,
  type HighVolumeTier,
  type LongTermTier,
  type ChangeLog,
  type Payload,
  type SweepLedger,
} from '@holdfast/domain';
import { collectPayload } from '../memory-payload.js';
import type { CallBoard, Effect, Process } from './call-board.js';
import type { PortMethod } from './faults.js';
import type { Stores } from './stores.js';

/** The ports that an engine of the simulated world talks to. */
export type SimulatedPorts = Pick<
  EngineDependencies,
  'highVolume' | 'longTerm' | 'changeLog' | 'cleanupQueue'
>;

/** How a process reaches the stores: every call becomes a message on the board. */
export function simulatedPorts(board: CallBoard, process: Process, stores: Stores): SimulatedPorts {
  const send = <Result>(method: PortMethod, effect: Effect): Promise<Result> =>
    board.send(process, method, effect);
  return {
    highVolume: highVolumePort(send, stores),
    longTerm: longTermPort(send, stores),
    changeLog: changeLogPort(send, stores),
    cleanupQueue: cleanupPort(send, stores),
  };
}

type Send = <Result>(method: PortMethod, effect: Effect) => Promise<Result>;

function highVolumePort(send: Send, { highVolume: tier }: Stores): HighVolumeTier {
  return {
    read: (id) => send('highVolume.read', { apply: () => tier.read(id) }),
    readHead: (id) => send('highVolume.readHead', { apply: () => tier.readHead(id) }),
    putInline: (id, object) =>
      send('highVolume.putInline', { apply: () => tier.putInline(id, object) }),
    deleteInline: (id) => send('highVolume.deleteInline', { apply: () => tier.deleteInline(id) }),
    begin: (id, changeId) => send('highVolume.begin', { apply: () => tier.begin(id, changeId) }),
    commit: (id, changeId, write, onlyWhileLive) =>
      send('highVolume.commit', { apply: () => tier.commit(id, changeId, write, onlyWhileLive) }),
    fence: (id, changeId) => send('highVolume.fence', { apply: () => tier.fence(id, changeId) }),
    extend: (id, revision, timeExpires) =>
      send('highVolume.extend', { apply: () => tier.extend(id, revision, timeExpires) }),
    list: (prefix, after, limit) =>
      send('highVolume.list', { apply: () => tier.list(prefix, after, limit) }),
    listRows: (after, examinedMax) =>
      send('highVolume.listRows', { apply: () => tier.listRows(after, examinedMax) }),
  };
}

function longTermPort(send: Send, stores: Stores): LongTermTier {
  const { longTerm: tier } = stores;

  async function create(name: BlobName, metadata: BlobMetadata, payload: Payload) {
    const bytes = await collectPayload(payload);
    const apply = async () => {
      stores.beforeBlobsChange();
      return tier.insert(name, metadata, bytes);
    };
    const tear = () => tier.addForeign(`${name}.part`, 'it is cut off');
    return send<Awaited<ReturnType<LongTermTier['create']>>>('longTerm.create', { apply, tear });
  }

  return {
    create,
    read: (name, span, signal) =>
      send('longTerm.read', { apply: () => tier.read(name, span, signal) }),
    head: (name) => send('longTerm.head', { apply: () => tier.head(name) }),
    remove: (name) =>
      send('longTerm.remove', {
        apply: () => {
          stores.beforeBlobsChange();
          return tier.remove(name);
        },
      }),
    extend: (name, timeExpires) =>
      send('longTerm.extend', { apply: () => tier.extend(name, timeExpires) }),
    list: (cursor, limit) =>
      send('longTerm.list', {
        apply: () => tier.list(cursor, limit),
        stale: () => stores.staleListing(),
      }),
  };
}

function changeLogPort(send: Send, { changeLog: log }: Stores): ChangeLog {
  return {
    record: (change) => send('changeLog.record', { apply: () => log.record(change) }),
    remove: (changeId) => send('changeLog.remove', { apply: () => log.remove(changeId) }),
    get: (changeId) => send('changeLog.get', { apply: () => log.get(changeId) }),
    defer: (changeId, deadline) =>
      send('changeLog.defer', { apply: () => log.defer(changeId, deadline) }),
    list: (query) => send('changeLog.list', { apply: () => log.list(query) }),
  };
}

function cleanupPort(send: Send, { queue }: Stores): CleanupProducer {
  return {
    enqueue: (job, notBefore) =>
      send('cleanupQueue.enqueue', {
        apply: () => queue.enqueue(job, notBefore),
        pretend: async () => undefined,
      }),
  };
}

/** What a sweep talks to beside the store. */
export interface SweepPorts {
  readonly jobs: CleanupJobs;
  readonly ledger: SweepLedger;
}

export function sweepPorts(board: CallBoard, process: Process, stores: Stores): SweepPorts {
  const send = <Result>(method: PortMethod, effect: Effect): Promise<Result> =>
    board.send(process, method, effect);
  const { queue } = stores;
  return {
    jobs: { states: (jobs) => send('cleanupJobs.states', { apply: () => queue.states(jobs) }) },
    ledger: ledgerPort(send, stores),
  };
}

function ledgerPort(send: Send, { ledger }: Stores): SweepLedger {
  // Whoever asks cannot tell a request that was lost from a reply: both times nobody answered.
  const ask: Send = (method, effect) =>
    send<never>(method, effect).catch((cause: unknown) => {
      if (!hasCode(cause, 'OUTCOME_UNKNOWN')) throw cause;
      const detail = { code: 'TIER_UNAVAILABLE', tier: 'the ledger', why: 'no answer' } as const;
      throw new DomainError(detail, { cause });
    });
  return {
    ...ledger,
    begin: (run, leaseMs) => ask('sweepLedger.begin', { apply: () => ledger.begin(run, leaseMs) }),
    note: (lease, report, leaseMs) =>
      ask('sweepLedger.note', { apply: () => ledger.note(lease, report, leaseMs) }),
    end: (lease, report) => ask('sweepLedger.end', { apply: () => ledger.end(lease, report) }),
    report: (runId) => ask('sweepLedger.report', { apply: () => ledger.report(runId) }),
  };
}
