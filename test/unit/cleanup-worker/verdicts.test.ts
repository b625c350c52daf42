import { status } from '@grpc/grpc-js';
import { maintenance } from '@holdfast/contracts';
import { invalidField, reasonError, rpcError, type RpcError } from '@holdfast/rpc';
import { createManualClock } from '@holdfast/testkit';
import assert from 'node:assert/strict';
import { judgeReclaim } from '../../../services/cleanup-worker/src/cleaning/reclaim-verdict.js';
import { judgeSettle } from '../../../services/cleanup-worker/src/cleaning/settle-verdict.js';
import {
  failureOfCall,
  isNotTaken,
  isTierUnwell,
  type Verdict,
} from '../../../services/cleanup-worker/src/cleaning/verdict.js';
import {
  entryError,
  reclaimed,
  settled,
  type ReclaimAnswer,
  type SettleAnswer,
} from './fake-store.js';

const { BlobState, SettleOutcome } = maintenance;
const clock = createManualClock();
const minute = 60_000;
const day = 24 * 60 * minute;

function judgeChange(result: SettleAnswer, changeId = 'a change'): Verdict {
  return judgeSettle('a change', { changeId, result, change: undefined }, { clock });
}

function judgeBlob(result: ReclaimAnswer, blob = 'a blob'): Verdict {
  return judgeReclaim('a blob', { blob, result }, { clock });
}

function reasonOf(verdict: Verdict): string {
  assert(verdict.kind === 'failed', verdict.kind);
  return verdict.failure.reason;
}

describe('What the store answers about a change', () => {
  for (const outcome of ['COMMITTED', 'SUPERSEDED'] as const) {
    it(`is the end of its job when it is ${outcome}`, () => {
      for (const [states, tiers] of [
        [[BlobState.DELETED], 'well'],
        [[BlobState.LIVE, BlobState.ABSENT], 'well'],
        [[BlobState.LIVE], 'not-known'],
        [[], 'not-known'],
      ] as const) {
        const verdict = judgeChange(settled(SettleOutcome[outcome], states));
        assert.deepEqual(verdict, { kind: 'done', tiers });
      }
    });
  }

  it('is the end of its job when somebody settled it before', () => {
    const verdict = judgeChange(settled(SettleOutcome.ALREADY_RESOLVED, []));
    assert.deepEqual(verdict, { kind: 'done', tiers: 'not-known' });
  });

  for (const outcome of ['AWAITING_READERS', 'STILL_YOUNG'] as const) {
    it(`has its job run again at the time that it says when it is ${outcome}`, () => {
      const againIn = (deadline: Date | undefined): number => {
        const verdict = judgeChange(settled(SettleOutcome[outcome], [], deadline));
        assert(verdict.kind === 'again');
        return verdict.at - clock.now();
      };
      const inMs = (ms: number): Date => new Date(clock.now() + ms);
      assert.equal(againIn(inMs(5 * minute)), 5 * minute);
      // Clocks differ: neither without a pause, nor never.
      assert.equal(againIn(inMs(-minute)), 1_000);
      assert.equal(againIn(inMs(1_000 * day)), day);
      assert.equal(againIn(undefined), minute);
      assert.equal(againIn(new Date(Number.NaN)), minute);
    });
  }

  it('is a failure when it means nothing to this version', () => {
    const unspecified = settled(SettleOutcome.UNSPECIFIED, []);
    const newer = settled(17 as maintenance.SettleOutcome, [BlobState.DELETED]);
    for (const result of [unspecified, newer, undefined]) {
      const verdict = judgeChange(result);
      assert.equal(reasonOf(verdict), 'UNKNOWN_OUTCOME');
      assert(verdict.kind === 'failed' && !verdict.failure.isFinal);
    }
  });

  it('is a failure when it is about another one, or missing', () => {
    const answer = settled(SettleOutcome.COMMITTED, [BlobState.DELETED]);
    assert.equal(reasonOf(judgeChange(answer, 'another')), 'UNKNOWN_OUTCOME');
    assert.equal(reasonOf(judgeSettle('a change', undefined, { clock })), 'UNKNOWN_OUTCOME');
  });

  it('is a failure with the reason of its error, or with its code where there is none', () => {
    const errors: readonly (readonly [RpcError, string, boolean])[] = [
      [reasonError('TIER_UNAVAILABLE', 'down'), 'TIER_UNAVAILABLE', true],
      [reasonError('STORAGE_FULL', 'full'), 'STORAGE_FULL', true],
      [reasonError('OUTCOME_UNKNOWN', 'no answer'), 'OUTCOME_UNKNOWN', true],
      [reasonError('UNREADABLE', 'what is this'), 'UNREADABLE', false],
      [rpcError(status.DEADLINE_EXCEEDED, undefined, 'slow'), 'DEADLINE_EXCEEDED', true],
      [rpcError(status.INTERNAL, undefined, 'bug'), 'INTERNAL', false],
      [rpcError(status.DATA_LOSS, 'OF_A_NEWER_VERSION', 'lost'), 'OF_A_NEWER_VERSION', false],
    ];
    for (const [error, reason, isUnwell] of errors) {
      const verdict = judgeChange(entryError(error));
      assert(verdict.kind === 'failed');
      const { failure } = verdict;
      assert.deepEqual(
        [failure.reason, failure.message, failure.isFinal, isTierUnwell(failure)],
        [reason, error.message, false, isUnwell],
      );
    }
  });
});

describe('An entry that was one too many for its call', () => {
  it('has its job run again soon, and is no failure', () => {
    const leftOut = entryError(reasonError('AT_CAPACITY', 'one too many'));
    const again = { kind: 'again', at: clock.now() + 1_000 };
    assert.deepEqual(judgeChange(leftOut), again);
    assert.deepEqual(judgeBlob(leftOut), again);
  });
});

describe('What the store answers about a blob', () => {
  const done = [
    ['DELETED', 'well'],
    ['ABSENT', 'well'],
    ['LIVE', 'not-known'],
    ['OWNED', 'not-known'],
    // It is on the change log by now, and has a job there.
    ['AWAITING_READERS', 'not-known'],
  ] as const;
  for (const [state, tiers] of done) {
    it(`is the end of its job when it is ${state}`, () => {
      assert.deepEqual(judgeBlob(reclaimed(BlobState[state])), { kind: 'done', tiers });
    });
  }

  it('has its job run again later when it is YOUNG', () => {
    const verdict = judgeBlob(reclaimed(BlobState.YOUNG));
    assert(verdict.kind === 'again' && verdict.at >= clock.now() + minute);
  });

  it('is a failure when it means nothing to this version', () => {
    const newer = 17 as maintenance.BlobState;
    for (const state of [BlobState.UNSPECIFIED, BlobState.RECLAIMABLE, newer]) {
      assert.equal(reasonOf(judgeBlob(reclaimed(state))), 'UNKNOWN_OUTCOME');
    }
    assert.equal(reasonOf(judgeBlob(undefined)), 'UNKNOWN_OUTCOME');
    assert.equal(reasonOf(judgeBlob(reclaimed(BlobState.DELETED), 'another')), 'UNKNOWN_OUTCOME');
  });

  it('is not asked again about a name that the store does not take', () => {
    const verdict = judgeBlob(entryError(invalidField('INVALID_BLOB_NAME', 'blobs[0]', 'no')));
    assert(verdict.kind === 'failed' && verdict.failure.isFinal);
    assert.equal(reasonOf(verdict), 'INVALID_BLOB_NAME');
  });
});

describe('A call that failed as a whole', () => {
  it('says why by its reason, or by its code', () => {
    const errors: readonly (readonly [unknown, string, boolean])[] = [
      [rpcError(status.UNAVAILABLE, undefined, 'gone'), 'UNAVAILABLE', true],
      [reasonError('SHUTTING_DOWN', 'ends'), 'SHUTTING_DOWN', true],
      [rpcError(status.UNAUTHENTICATED, undefined, 'who'), 'UNAUTHENTICATED', true],
      [rpcError(status.DEADLINE_EXCEEDED, undefined, 'slow'), 'DEADLINE_EXCEEDED', false],
      [new Error('a bug'), 'INTERNAL', false],
    ];
    for (const [error, reason, notTaken] of errors) {
      const failure = failureOfCall(error);
      assert.deepEqual([failure.reason, isNotTaken(error)], [reason, notTaken]);
      assert.equal(failure.message, (error as Error).message);
    }
  });
});
