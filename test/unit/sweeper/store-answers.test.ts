import { status } from '@grpc/grpc-js';
import { maintenance } from '@holdfast/contracts';
import { blobNameOf, later, parseObjectId, parseRevision, type BlobName } from '@holdfast/domain';
import { reasonError, RpcError } from '@holdfast/rpc';
import { createManualClock } from '@holdfast/testkit';
import assert from 'node:assert/strict';
import { createBlobJudge } from '../../../services/sweeper/src/store/judge-blobs.js';
import type { StoreCall } from '../../../services/sweeper/src/store/open-swept-store.js';
import { domainErrorOf } from '../../../services/sweeper/src/store/store-errors.js';
import {
  dueChangesOf,
  sweptBlobsOf,
  verifiedObjectsOf,
} from '../../../services/sweeper/src/store/store-messages.js';
import { createStoreTime } from '../../../services/sweeper/src/store/store-time.js';
import { entryError } from '../cleanup-worker/fake-store.js';
import { runIdOf } from './sweeper-bed.js';

const { BlobState, DamageKind } = maintenance;
const { signal } = new AbortController();
const objectId = { usecase: 'photos', scopes: [], key: 'a' };
const id = parseObjectId(objectId);

function blobOf(number: number): BlobName {
  return blobNameOf(id, parseRevision(runIdOf(number)));
}

type Result = maintenance.ReclaimResult['result'];

function stateOf(state: number): Result {
  const value = { blob: '', state: state as maintenance.BlobState, size: 1n };
  return { $case: 'outcome', value };
}

/** Judges blobs by what a store answers to each call, blob by blob. */
function judging(answer: (blob: string, call: number) => Result) {
  const asked: maintenance.ReclaimBlobsRequest[] = [];
  const call = (async (_method: unknown, request: maintenance.ReclaimBlobsRequest) => {
    asked.push(request);
    const results = request.blobs.map((blob) => ({ blob, result: answer(blob, asked.length) }));
    return { results };
  }) as unknown as StoreCall;
  return { asked, judge: createBlobJudge(call) };
}

const leftOut = entryError(reasonError('AT_CAPACITY', 'too much for one call'));

describe('The judgement about blobs', () => {
  it('is asked for as a dry run, and told in the words of the domain', async () => {
    const kinds = [
      ['RECLAIMABLE', 'orphan'],
      ['LIVE', 'live'],
      ['OWNED', 'owned'],
      ['AWAITING_READERS', 'owned'],
      ['YOUNG', 'young'],
      ['ABSENT', 'gone'],
    ] as const;
    const blobs = kinds.map((_, number) => blobOf(number));
    const { judge, asked } = judging((blob) => {
      const [state] = kinds[blobs.findIndex((one) => one === blob)] ?? assert.fail();
      return stateOf(BlobState[state]);
    });
    const judgements = await judge(blobs, 1_500, signal);
    assert.deepEqual(
      judgements.map(({ kind }) => kind),
      kinds.map(([, kind]) => kind),
    );
    assert.deepEqual(asked[0]?.minAge, { seconds: 1n, nanos: 500_000_000 });
    assert.equal(asked[0].dryRun, true);
  });

  it('is undecided about everything that this version does not know', async () => {
    const refused = entryError(reasonError('UNREADABLE', 'its row cannot be read'));
    for (const [at, result] of [stateOf(0), stateOf(99), undefined, refused].entries()) {
      const { judge } = judging(() => result);
      const [judgement] = await judge([blobOf(1)], 0, signal);
      assert.equal(judgement?.kind, 'undecided', `answer ${at}`);
    }
  });

  it('is undecided where the store answers about another blob, or not at all', async () => {
    for (const results of [[], [{ blob: blobOf(2), result: stateOf(BlobState.RECLAIMABLE) }]]) {
      const call = (async () => ({ results })) as unknown as StoreCall;
      const [judgement] = await createBlobJudge(call)([blobOf(1)], 0, signal);
      assert.equal(judgement?.kind, 'undecided');
    }
  });

  it('is asked for again about what was too much for one call', async () => {
    const blobs = [1, 2, 3].map(blobOf);
    const orphan = stateOf(BlobState.RECLAIMABLE);
    const { judge, asked } = judging((blob, call) => {
      return blobs.findIndex((one) => one === blob) < call ? orphan : leftOut;
    });
    const judgements = await judge(blobs, 0, signal);
    assert.deepEqual(
      judgements.map(({ kind }) => kind),
      ['orphan', 'orphan', 'orphan'],
    );
    assert.deepEqual(
      asked.map((request) => request.blobs.length),
      [3, 2, 1],
    );
  });

  it('is undecided where asking again leads nowhere', async () => {
    const { judge, asked } = judging(() => leftOut);
    const [judgement] = await judge([blobOf(1)], 0, signal);
    assert.deepEqual([judgement?.kind, asked.length], ['undecided', 1]);
  });

  it('fails where a tier was unavailable for all that the store came to', async () => {
    const blobs = [1, 2, 3].map(blobOf);
    for (const reason of ['TIER_UNAVAILABLE', 'SHUTTING_DOWN', undefined] as const) {
      const error = new RpcError(status.UNAVAILABLE, reason, 'the disk is away');
      const { judge, asked } = judging((blob) => (blob === blobs[1] ? leftOut : entryError(error)));
      await assert.rejects(judge(blobs, 0, signal), {
        code: 'TIER_UNAVAILABLE',
        message: /the disk is away/,
      });
      assert.equal(asked.length, 1);
    }
  });

  it('is undecided about one that a tier was unavailable for, beside others', async () => {
    const blobs = [1, 2, 3].map(blobOf);
    const away = entryError(reasonError('TIER_UNAVAILABLE', 'the disk is away'));
    const unreadable = entryError(reasonError('UNREADABLE', 'its row cannot be read'));
    for (const other of [stateOf(BlobState.LIVE), unreadable]) {
      const { judge } = judging((blob) => (blob === blobs[2] ? other : away));
      const judgements = await judge(blobs, 0, signal);
      assert.deepEqual(judgements[0], { kind: 'undecided', why: 'the disk is away' });
      assert.equal(judgements.length, 3);
    }
  });
});

describe('What the store lists', () => {
  it('is undecided where this version cannot read it', () => {
    const name = blobOf(1);
    const timeCreated = new Date(5);
    const blob = { name, objectId, revision: runIdOf(1), size: 7n, timeCreated };
    const { blobs, undecided, next } = sweptBlobsOf({
      blobs: [blob, { ...blob, name: 'photos/objects/a' }, { ...blob, timeCreated: undefined }],
      undecided: [{ where: 'a file', why: 'it is foreign' }],
      nextPageToken: 'further',
    });
    assert.deepEqual(blobs, [{ name, usecase: 'photos', size: 7, timeCreated: 5 }]);
    assert.deepEqual(
      undecided.map(({ where }) => where),
      ['a file', 'photos/objects/a', name],
    );
    assert.equal(next, 'further');
  });

  it('ends where there is no further page', () => {
    const change = { changeId: runIdOf(1), objectId, deadline: undefined };
    const { changes, undecided, next } = dueChangesOf({
      changes: [change, { ...change, changeId: 'none' }, { ...change, objectId: undefined }],
      undecided: [],
      nextPageToken: '',
    });
    assert.deepEqual(changes, [{ changeId: runIdOf(1), usecase: 'photos' }]);
    assert.deepEqual([undecided.length, next], [2, undefined]);
  });

  it('never loses damage, also of a kind that this version does not know', () => {
    const revision = runIdOf(1);
    const damage = { objectId, revision, kind: DamageKind.MISSING, description: 'it is gone' };
    const answer = verifiedObjectsOf({
      verified: 3n,
      verifiedBytes: 9n,
      damage: [damage, { ...damage, kind: 9 as never, description: 'it is odd' }],
      undecided: [],
      counts: [{ usecase: 'photos', examined: 3n, removed: 0n, freedBytes: 0n }],
      nextPageToken: '',
    });
    assert.equal(answer.damage[0]?.kind, 'missing');
    assert.deepEqual(answer.undecided, [{ where: `photos a ${revision}`, why: 'it is odd' }]);
    assert.deepEqual([answer.verifiedBytes, answer.counts[0]?.examined], [9, 3]);
  });
});

describe('A call of the store that failed', () => {
  it('is a store that is not available, whatever its error', () => {
    for (const cause of [
      reasonError('SHUTTING_DOWN', 'it shuts down'),
      new RpcError(status.DEADLINE_EXCEEDED, undefined, 'too late'),
      new RpcError(status.INTERNAL, undefined, 'the server failed'),
      new Error('a bug'),
    ]) {
      const error = domainErrorOf(cause);
      assert.equal(error.code, 'TIER_UNAVAILABLE');
      assert.ok(error.message.includes(cause.message));
      assert.equal(error.cause, cause);
    }
  });

  it('says that a place is unknown, so that the sweep begins anew', () => {
    const cause = new RpcError(status.INVALID_ARGUMENT, 'INVALID_PAGE', 'page_token: unknown');
    assert.equal(domainErrorOf(cause).code, 'INVALID_PAGE');
  });
});

describe('The time of the store', () => {
  function arrange(aheadMs: number) {
    const clock = createManualClock();
    const told: number[] = [];
    let asked = 0;
    const time = createStoreTime(
      async () => {
        asked += 1;
        return later(clock.now(), aheadMs);
      },
      { clock, told: (ms) => void told.push(ms) },
    );
    return { clock, time, told, asked: () => asked };
  }

  for (const aheadMs of [0, 90_000, -90_000]) {
    it(`is estimated from the last answer where it is ${aheadMs} ms ahead`, async () => {
      const { clock, time, told, asked } = arrange(aheadMs);
      await time.estimate(signal);
      clock.advance(30_000);
      assert.equal(await time.estimate(signal), later(clock.now(), aheadMs));
      assert.deepEqual([told, asked()], [[aheadMs], 1]);
    });
  }

  it('is asked for again after a minute, and after our clock was put back', async () => {
    const { clock, time, asked } = arrange(5);
    await time.estimate(signal);
    clock.advance(60_000);
    await time.estimate(signal);
    clock.set(later(clock.now(), -1));
    await time.estimate(signal);
    assert.equal(asked(), 3);
  });
});
