import { hasCode, type DomainError } from '@holdfast/domain';
import assert from 'node:assert/strict';
import { setTimeout as elapsed } from 'node:timers/promises';
import {
  createGroupCommit,
  type GroupCommit,
} from '../../../packages/tier-lmdb/src/group-commit.js';
import { resolveLmdbOptions, type LmdbOptions } from '../../../packages/tier-lmdb/src/options.js';
import type { WriteOperation } from '../../../packages/tier-lmdb/src/pending-write.js';

/** A store whose commits end when the test says so. */
export function createFakeStore(options: Partial<LmdbOptions> = {}) {
  const committed: string[] = [];
  const batches: string[][] = [];
  let written: string[] = [];
  let failures: Error[] = [];
  let roomBytes = (): number => Infinity;
  let mayHaveFilledDisk = (): boolean => false;
  let commitMs = 0;
  let commitGate: Promise<void> | undefined;

  const commits: GroupCommit = createGroupCommit(
    resolveLmdbOptions({ directory: '/nowhere', ...options }),
    {
      async transact(work) {
        written = [];
        work();
        batches.push(written);
        const mine = written;
        await commitGate;
        if (commitMs > 0) await elapsed(commitMs);
        const failure = failures.shift();
        if (failure !== undefined) throw failure;
        committed.push(...mine);
      },
      touch: () => void written.push('touch'),
      space: {
        roomBytes: () => roomBytes(),
        mayHaveFilledDisk: () => mayHaveFilledDisk(),
      },
    },
  );

  return {
    commits,
    committed,
    batches,
    write: (text: string, bytes = 1): WriteOperation<string> => ({
      bytes,
      check: () => ({ answer: `answer to ${text}`, write: () => void written.push(text) }),
    }),
    failNext: (...errors: Error[]) => void (failures = errors),
    /** What the gauge answers, or throws, from now on. */
    gauge: (answers: { roomBytes?: () => number; mayHaveFilledDisk?: () => boolean }) => {
      roomBytes = answers.roomBytes ?? roomBytes;
      mayHaveFilledDisk = answers.mayHaveFilledDisk ?? mayHaveFilledDisk;
    },
    /** Lets every commit take so long. */
    slow: (ms: number) => void (commitMs = ms),
    /** Holds back commits until the function it answers is called. */
    hold(): () => void {
      let open = (): void => {};
      commitGate = new Promise((resolve) => (open = resolve));
      return open;
    },
  };
}

export function errorWithCode(code: number): Error {
  return Object.assign(new Error(`code ${code}`), { code });
}

export const rejectsWith = (code: DomainError['code'], promise: Promise<unknown>) =>
  assert.rejects(promise, (error) => hasCode(error, code));
