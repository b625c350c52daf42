import {
  changeIdOf,
  isBlobName,
  isRevision,
  isTimestamp,
  type CleanupJob,
  type Timestamp,
} from '@holdfast/domain';
import { createHash } from 'node:crypto';
import { queueNames, type CleanupQueueName } from './queue-names.js';

/*
 * A job on a queue. Its name is the kind of the job, its data `{ v: 1, changeId }` or
 * `{ v: 1, blob }`, and `notBefore` in milliseconds where a dead letter was retried for later.
 */

const version = 1;
const blobHashCharacters = 32;

export interface EncodedJob {
  readonly queue: CleanupQueueName;
  /** The same for every job of the same change or blob. */
  readonly id: string;
  readonly name: CleanupJob['kind'];
  readonly data: JobData;
}

export type JobData = Readonly<Record<string, unknown>>;

export interface DecodedJob {
  readonly job: CleanupJob;
  readonly notBefore?: Timestamp | undefined;
}

export function encodeJob(job: CleanupJob): EncodedJob {
  const name = job.kind;
  switch (job.kind) {
    case 'settle-change': {
      const { changeId } = job;
      const id = `change-${changeId}`;
      return { queue: queueNames.settle, id, name, data: { v: version, changeId } };
    }
    case 'reclaim-blob': {
      const { blob } = job;
      const id = `blob-${hashOf(blob)}`;
      return { queue: queueNames.reclaim, id, name, data: { v: version, blob } };
    }
  }
}

/** `undefined` for what this version cannot read, or does not expect on this queue. */
export function decodeJob(
  queue: CleanupQueueName,
  name: string,
  data: unknown,
): DecodedJob | undefined {
  if (!isJobData(data) || data['v'] !== version) return undefined;
  const job = readJob(name, data);
  if (job === undefined || encodeJob(job).queue !== queue) return undefined;
  const { notBefore } = data;
  if (notBefore === undefined) return { job };
  return typeof notBefore === 'number' && isTimestamp(notBefore) ? { job, notBefore } : undefined;
}

/** The same for data as Redis keeps it. */
export function decodeStoredJob(
  queue: CleanupQueueName,
  name: string,
  text: string,
): DecodedJob | undefined {
  try {
    return decodeJob(queue, name, JSON.parse(text));
  } catch {
    return undefined;
  }
}

function readJob(name: string, { changeId, blob }: JobData): CleanupJob | undefined {
  if (name === 'settle-change' && typeof changeId === 'string' && isRevision(changeId)) {
    return { kind: name, changeId: changeIdOf(changeId) };
  }
  if (name === 'reclaim-blob' && typeof blob === 'string' && isBlobName(blob)) {
    return { kind: name, blob };
  }
  return undefined;
}

function isJobData(value: unknown): value is JobData {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, blobHashCharacters);
}
