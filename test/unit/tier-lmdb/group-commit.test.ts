import { DomainError } from '@holdfast/domain';
import assert from 'node:assert/strict';
import { createFakeStore, errorWithCode, rejectsWith } from './fake-store.js';

describe('group commit', () => {
  it('commits what is submitted in one turn together, in the order of submission', async () => {
    const { commits, write, batches } = createFakeStore();
    const answers = await Promise.all(['a', 'b', 'c'].map((text) => commits.submit(write(text))));
    assert.deepEqual(answers, ['answer to a', 'answer to b', 'answer to c']);
    assert.deepEqual(batches, [['a', 'b', 'c']]);
  });

  it('gathers what is submitted during a commit into the next one, and answers after it', async () => {
    const store = createFakeStore();
    const release = store.hold();
    const first = store.commits.submit(store.write('first'));
    while (store.batches.length === 0) await Promise.resolve();
    let answered = 0;
    const rest = ['b', 'c'].map(async (text) => {
      await store.commits.submit(store.write(text));
      answered += 1;
    });
    await Promise.resolve();
    assert.equal(answered, 0);
    release();
    await Promise.all([first, ...rest]);
    assert.deepEqual(store.batches, [['first'], ['b', 'c']]);
  });

  it('splits batches at the maxima of operations and of bytes', async () => {
    const { commits, write, batches } = createFakeStore({
      batchOperationsMax: 3,
      batchBytesMax: 10,
    });
    const sizes = [1, 1, 1, 1, 9, 9, 50, 1];
    await Promise.all(sizes.map((bytes, index) => commits.submit(write(String(index), bytes))));
    assert.deepEqual(batches, [['0', '1', '2'], ['3', '4'], ['5'], ['6'], ['7']]);
  });

  it('refuses what exceeds the queue, and takes more once there is room', async () => {
    const { commits, write } = createFakeStore({ queueOperationsMax: 2, queueBytesMax: 10 });
    const waiting = [commits.submit(write('a')), commits.submit(write('b'))];
    await rejectsWith('TIER_UNAVAILABLE', commits.submit(write('c')));
    await Promise.all(waiting);
    await rejectsWith('TIER_UNAVAILABLE', commits.submit(write('too large', 11)));
    assert.equal(await commits.submit(write('d')), 'answer to d');
  });

  it('fails an operation that throws as it checks, alone', async () => {
    const { commits, write, committed } = createFakeStore();
    const error = new DomainError({ code: 'UNREADABLE', what: 'row', why: 'damaged' });
    const check = (): never => {
      throw error;
    };
    const good = commits.submit(write('good'));
    await rejectsWith('UNREADABLE', commits.submit({ bytes: 1, check }));
    assert.equal(await good, 'answer to good');
    assert.deepEqual(committed, ['good']);
  });

  it('claims nothing about an operation that failed half-way through its writing', async () => {
    const { commits } = createFakeStore();
    const write = (): never => {
      throw new Error('half');
    };
    const check = () => ({ answer: 'done', write });
    await rejectsWith('OUTCOME_UNKNOWN', commits.submit({ bytes: 1, check }));
  });

  for (const [code, expected] of [
    [28, 'STORAGE_FULL'],
    [122, 'STORAGE_FULL'],
    [-30_792, 'STORAGE_FULL'],
    [-30_782, 'TIER_UNAVAILABLE'],
    [5, 'OUTCOME_UNKNOWN'],
    [-30_795, 'OUTCOME_UNKNOWN'],
  ] as const) {
    it(`answers ${expected} to all of a batch whose commit fails with ${code}`, async () => {
      const { commits, write, committed, failNext } = createFakeStore();
      failNext(errorWithCode(code));
      const answers = ['a', 'b'].map((text) => rejectsWith(expected, commits.submit(write(text))));
      await Promise.all(answers);
      assert.ok(!committed.includes('a') && !committed.includes('b'));
      assert.equal(await commits.submit(write('c')), 'answer to c');
    });
  }

  it('hears the reason that lmdb-js keeps in a promise of its own', async () => {
    const { commits, write, failNext } = createFakeStore();
    const commitError = Promise.reject(errorWithCode(28));
    failNext(Object.assign(new Error('Commit failed'), { commitError }));
    await rejectsWith('STORAGE_FULL', commits.submit(write('a')));
  });

  it('goes by what spoilt the transaction, not by its being spoilt', async () => {
    const { commits, failNext } = createFakeStore();
    failNext(errorWithCode(-30_782));
    const write = (): never => {
      throw errorWithCode(28);
    };
    const check = () => ({ answer: 'done', write });
    await rejectsWith('STORAGE_FULL', commits.submit({ bytes: 1, check }));
  });

  it('answers everybody when a commit does not end, and works again once it does', async () => {
    const store = createFakeStore({ commitMsMax: 20, batchOperationsMax: 1 });
    const release = store.hold();
    const inBatch = rejectsWith(
      'OUTCOME_UNKNOWN',
      store.commits.submit(store.write('in the batch')),
    );
    const queued = rejectsWith(
      'TIER_UNAVAILABLE',
      store.commits.submit(store.write('in the queue')),
    );
    await Promise.all([inBatch, queued]);
    await rejectsWith('TIER_UNAVAILABLE', store.commits.submit(store.write('late')));
    release();
    await store.commits.close();
    assert.deepEqual(store.committed, ['in the batch']);
  });

  it('answers what was submitted before it closes, and refuses what comes later', async () => {
    const { commits, write } = createFakeStore();
    const before = commits.submit(write('before'));
    const closing = commits.close();
    await rejectsWith('TIER_UNAVAILABLE', commits.submit(write('after')));
    await closing;
    assert.equal(await before, 'answer to before');
  });

  it('closes in spite of a commit that does not end, and tells when it has ended', async () => {
    const store = createFakeStore({ commitMsMax: 20, batchOperationsMax: 1 });
    const release = store.hold();
    const answers = [
      rejectsWith('OUTCOME_UNKNOWN', store.commits.submit(store.write('in the batch'))),
      rejectsWith('TIER_UNAVAILABLE', store.commits.submit(store.write('in the queue'))),
    ];
    const closing = await store.commits.close();
    await Promise.all(answers);
    assert(closing.kind === 'hanging');
    release();
    await closing.end;
    assert.deepEqual(store.committed, ['in the batch']);
    assert.deepEqual(await store.commits.close(), { kind: 'ended' });
  });

  it('bounds its closing also where each commit ends in time, but many wait', async () => {
    const store = createFakeStore({ commitMsMax: 50, batchOperationsMax: 1 });
    store.slow(30);
    const writes = Array.from({ length: 20 }, (_, index) =>
      store.commits.submit(store.write(String(index))),
    );
    const answers = Promise.allSettled(writes);
    const closing = await store.commits.close();
    assert.equal(closing.kind, 'hanging');
    const stored = (await answers).filter(({ status }) => status === 'fulfilled');
    assert.ok(stored.length < writes.length);
  });
});
