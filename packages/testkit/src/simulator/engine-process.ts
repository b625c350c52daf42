import {
  contentTypeDefault,
  createEngine,
  DomainError,
  manualExpiration,
  noCustomPairs,
  type EngineDependencies,
  type EngineEvent,
  type ExpirationPolicy,
  type ObjectId,
  type Payload,
  type Revision,
  type StorageEngine,
  type Timestamp,
} from '@holdfast/domain';
import { createCountingIds } from '../counting-ids.js';
import type { CallBoard, Process } from './call-board.js';
import type { ClientOperation, Lifetime } from './plan.js';
import { simulatedPorts, type SimulatedPorts } from './simulated-ports.js';
import type { Stores } from './stores.js';

/** Payloads are tiny, so the threshold between the tiers is too. */
const thresholdBytes = 2;
const smallBytes = 2;
const largeChunks = 2;
export const ttlMs = 600_000;
const clockSkews = [0, 1, -1] as const;

/** An engine in a process of its own, with its own clock and identities. */
export interface EngineProcess {
  readonly process: Process;
  readonly engine: StorageEngine;
  /** What the process talks to, as it is, whatever a variant has made of it for the engine. */
  readonly ports: SimulatedPorts;
  /** The last revision that the engine made, and the time it then took it to be. */
  lastStamp(): { readonly revision: Revision; readonly time: Timestamp } | undefined;
}

export interface EngineProcessOptions {
  readonly process: Process;
  readonly clockSkewMs: number;
  readonly readerGraceMs: number;
  /** How a broken variant meddles with what the engine talks to. */
  readonly meddle: (ports: SimulatedPorts, dependencies: EngineDependencies) => EngineDependencies;
  readonly wrote: (revision: Revision, process: number) => void;
  readonly report: (event: EngineEvent) => void;
}

export function startEngine(
  { process, clockSkewMs, readerGraceMs, meddle, wrote, report }: EngineProcessOptions,
  board: CallBoard,
  stores: Stores,
): EngineProcess {
  const skewMs = clockSkewMs * (clockSkews[process.index % clockSkews.length] ?? 0);
  const clock = { ...stores.clock, now: () => (stores.clock.now() + skewMs) as Timestamp };
  const counting = createCountingIds(clock, process.index);
  let stamp: { revision: Revision; time: Timestamp } | undefined;
  const ids = {
    revision() {
      stamp = { revision: counting.revision(), time: clock.now() };
      wrote(stamp.revision, process.index);
      return stamp.revision;
    },
  };
  const ports = simulatedPorts(board, process, stores);
  const dependencies = { ...ports, clock, ids, checksum: stores.checksum, observer: { report } };
  const engine = createEngine(
    { inlineThresholdBytes: thresholdBytes, readerGraceMs },
    meddle(ports, dependencies),
  );
  return { process, engine, ports, lastStamp: () => stamp };
}

export function activityOf(operation: ClientOperation): string {
  switch (operation.kind) {
    case 'put':
      return `${operation.condition === undefined ? 'put' : 'put-conditional'}-${operation.size}`;
    case 'delete':
      return operation.condition === undefined ? 'delete' : 'delete-conditional';
    case 'get':
    case 'head':
    case 'list':
      return operation.kind;
  }
}

export function metadataOf(lifetime: Lifetime) {
  const expiration: ExpirationPolicy =
    lifetime === 'manual' ? manualExpiration : { kind: lifetime, ms: ttlMs };
  return { contentType: contentTypeDefault, expiration, custom: noCustomPairs };
}

/** Every byte of a payload tells which process wrote it. */
export function bytesOf(process: number, size: 'small' | 'large'): Uint8Array {
  return new Uint8Array(size === 'small' ? smallBytes : smallBytes * largeChunks).fill(process);
}

/** The caller's stream: each chunk arrives when the scheduler lets it. */
export function sourceOf(board: CallBoard, process: Process, size: 'small' | 'large'): Payload {
  const chunks = size === 'small' ? 1 : largeChunks;
  return {
    [Symbol.asyncIterator]() {
      let sent = 0;
      return {
        next: () =>
          board.send<IteratorResult<Uint8Array>>(process, 'source.next', {
            apply: async () => {
              sent += 1;
              if (sent > chunks) return { done: true, value: undefined };
              return { done: false, value: bytesOf(process.index, 'small') };
            },
          }),
      };
    },
  };
}

/** Reads a payload to its end and answers who wrote it; throws when more than one did. */
export async function writerOf(id: ObjectId, payload: Payload, size: number): Promise<number> {
  const bytes: number[] = [];
  for await (const chunk of payload) bytes.push(...chunk);
  const [writer] = bytes;
  if (writer === undefined || bytes.length !== size || bytes.some((byte) => byte !== writer)) {
    throw new TornRead(`${id.path} read as ${bytes.join()} where ${size} bytes were promised`);
  }
  return writer;
}

/** A read that returned bytes of no version, or of two. */
class TornRead extends Error {
  override readonly name = 'TornRead';
}

export function isUnknownOutcome(error: unknown): boolean {
  return error instanceof DomainError && error.code === 'OUTCOME_UNKNOWN';
}
