import { maintenance, rpc, type object } from '@holdfast/contracts';
import { parseBlobName, type DeadLetter } from '@holdfast/domain';
import { fromStatusBytes } from '@holdfast/rpc';
import { askInFull } from './ask-in-full.js';
import type { OperatorDependencies } from './dependencies.js';

const { BlobState } = maintenance;

/** What a dead letter is about, as far as known. */
export interface LetterSubject {
  readonly objectId?: object.ObjectId | undefined;
  readonly blobs: readonly string[];
  /** That are not freed because of it. */
  readonly bytes?: bigint | undefined;
}

export interface LetterSubjects {
  /** What is known of the letter; where the store did not answer, what the job itself tells. */
  of(letter: DeadLetter): LetterSubject;
  /** Why the object of the letter's change is not known, if the store may know it another time. */
  failureOf(letter: DeadLetter): Error | undefined;
  /** Why a call as a whole told nothing. */
  readonly failure: unknown;
}

type Store = Pick<OperatorDependencies['store'], 'settle' | 'reclaim'>;

/**
 * Asks the store what letters are about, all of a kind at once, and changes nothing. It does not
 * reject: what a letter is about is good to know, and rarely needed.
 */
export async function lookUpSubjects(
  store: Store,
  letters: readonly DeadLetter[],
  signal: AbortSignal,
): Promise<LetterSubjects> {
  const options = { dryRun: true, signal };
  const [settled, reclaimed] = await Promise.all([
    answersOf(letters, changeIdIn, (changeIds) => store.settle(changeIds, options)),
    answersOf(letters, blobIn, (blobs) => store.reclaim(blobs, options)),
  ]);
  return {
    of: ({ id, job }) =>
      job?.kind === 'reclaim-blob'
        ? subjectOfBlob(job.blob, reclaimed.answers.get(id))
        : subjectOfChange(settled.answers.get(id)),
    failureOf({ id, job }) {
      if (job?.kind !== 'settle-change') return undefined;
      return settled.failure ?? failureIn(settled.answers.get(id));
    },
    failure: settled.failure ?? reclaimed.failure,
  };
}

export function changeIdIn({ job }: DeadLetter): string | undefined {
  return job?.kind === 'settle-change' ? job.changeId : undefined;
}

function blobIn({ job }: DeadLetter): string | undefined {
  return job?.kind === 'reclaim-blob' ? job.blob : undefined;
}

interface Answers<Answer> {
  readonly answers: ReadonlyMap<string, Answer>;
  readonly failure?: Error;
}

/** The answers for those letters that have a subject to ask for, by their ids. */
async function answersOf<Answer extends maintenance.SettleResult | maintenance.ReclaimResult>(
  letters: readonly DeadLetter[],
  subjectIn: (letter: DeadLetter) => string | undefined,
  ask: (subjects: readonly string[]) => Promise<readonly Answer[]>,
): Promise<Answers<Answer>> {
  const subjects = new Map<string, string>();
  for (const letter of letters) {
    const subject = subjectIn(letter);
    if (subject !== undefined) subjects.set(letter.id, subject);
  }
  const answers = new Map<string, Answer>();
  if (subjects.size === 0) return { answers };
  try {
    const results = await askInFull([...subjects.values()], ask);
    for (const [at, id] of [...subjects.keys()].entries()) {
      const answer = results[at];
      if (answer !== undefined) answers.set(id, answer);
    }
    return { answers };
  } catch (error) {
    return { answers, failure: error instanceof Error ? error : new Error(String(error)) };
  }
}

/** A change that is told was found, whatever then went wrong with it; an unreadable one never will be. */
function failureIn(answer: maintenance.SettleResult | undefined): Error | undefined {
  if (answer?.result?.$case !== 'error' || answer.change !== undefined) return undefined;
  const error = fromStatusBytes(rpc.Status.encode(answer.result.value).finish());
  return error.reason === 'UNREADABLE' ? undefined : error;
}

function subjectOfChange(answer: maintenance.SettleResult | undefined): LetterSubject {
  const change = answer?.change;
  if (change === undefined) return { blobs: [] };
  const outcomes = answer?.result?.$case === 'settled' ? answer.result.value.blobs : undefined;
  const live = new Set(
    outcomes?.filter(({ state }) => state === BlobState.LIVE).map(({ blob }) => blob),
  );
  const blobs = [change.newBlob, change.oldBlob].filter((blob) => blob !== undefined);
  return {
    objectId: change.objectId,
    // One that an object needs is not what the change is stuck with.
    blobs: blobs.filter((blob) => !live.has(blob)),
    bytes: outcomes?.reduce((sum, outcome) => sum + unfreedBytes(outcome), 0n),
  };
}

function subjectOfBlob(blob: string, answer: maintenance.ReclaimResult | undefined): LetterSubject {
  const id = parseBlobName(blob)?.id;
  return {
    objectId: id && { usecase: id.usecase, scopes: id.scopes, key: id.key },
    blobs: [blob],
    bytes: answer?.result?.$case === 'outcome' ? unfreedBytes(answer.result.value) : undefined,
  };
}

function unfreedBytes({ state, size }: maintenance.BlobOutcome): bigint {
  return state === BlobState.RECLAIMABLE || state === BlobState.AWAITING_READERS ? size : 0n;
}
