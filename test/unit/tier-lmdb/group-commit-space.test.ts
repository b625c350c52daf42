import { hasCode } from '@holdfast/domain';
import assert from 'node:assert/strict';
import { createFakeStore, errorWithCode, rejectsWith } from './fake-store.js';

const MiB = 1024 * 1024;

function broken(): never {
  throw new Error('the disk does not say how full it is');
}

describe('group commit where space runs out', () => {
  it('takes a failed write for a full disk when the disk is full', async () => {
    const { commits, write, failNext, gauge } = createFakeStore();
    gauge({ mayHaveFilledDisk: () => true });
    failNext(errorWithCode(5));
    await rejectsWith('STORAGE_FULL', commits.submit(write('a')));
  });

  it('refuses only what needs space while there is none', async () => {
    const { commits, write, batches, gauge } = createFakeStore();
    gauge({ roomBytes: () => 0 });
    const large = rejectsWith('STORAGE_FULL', commits.submit(write('large', 100)));
    assert.equal(await commits.submit(write('small', 0)), 'answer to small');
    await large;
    assert.deepEqual(batches, [['small']]);
  });

  it('gives what needs no space a second transaction when the disk ends under the first', async () => {
    const { commits, write, committed, failNext } = createFakeStore();
    failNext(errorWithCode(28));
    const large = rejectsWith('STORAGE_FULL', commits.submit(write('large', 100)));
    assert.equal(await commits.submit(write('small', 0)), 'answer to small');
    await large;
    assert.deepEqual(committed, ['touch', 'small']);
  });

  it('gives up on what needs no space when the second transaction fails too', async () => {
    const { commits, write, failNext } = createFakeStore();
    failNext(errorWithCode(28), errorWithCode(28));
    await rejectsWith('STORAGE_FULL', commits.submit(write('small', 0)));
  });

  it('stores what fits after something that does not', async () => {
    const { commits, write, batches, gauge } = createFakeStore();
    gauge({ roomBytes: () => 3 * MiB + 200 });
    const sizes = [...Array.from({ length: 10 }, () => MiB), 100];
    const answers = await Promise.allSettled(
      sizes.map((bytes, index) => commits.submit(write(String(index), bytes))),
    );
    assert.deepEqual(batches, [['0', '1', '2', '10']]);
    const refused = answers.filter((answer) => answer.status === 'rejected');
    assert.equal(refused.length, 7);
    assert.ok(refused.every(({ reason }) => hasCode(reason, 'STORAGE_FULL')));
  });

  it('stores what takes the room to the last byte, and nothing more', async () => {
    const { commits, write, batches, gauge } = createFakeStore();
    gauge({ roomBytes: () => 10 });
    const last = rejectsWith('STORAGE_FULL', commits.submit(write('eleven', 11)));
    await commits.submit(write('ten', 10));
    await last;
    assert.deepEqual(batches, [['ten']]);
  });

  it('fails only what needs space when the gauge cannot be read, and works again after', async () => {
    const { commits, write, batches, gauge } = createFakeStore();
    gauge({ roomBytes: broken });
    const large = rejectsWith('TIER_UNAVAILABLE', commits.submit(write('large', 100)));
    assert.equal(await commits.submit(write('small', 0)), 'answer to small');
    await large;
    gauge({ roomBytes: () => 100 });
    assert.equal(await commits.submit(write('next', 100)), 'answer to next');
    assert.deepEqual(batches, [['small'], ['next']]);
  });

  it('claims nothing about a failed commit when the gauge cannot tell, and goes on', async () => {
    const { commits, write, failNext, gauge } = createFakeStore();
    gauge({ mayHaveFilledDisk: broken });
    failNext(errorWithCode(5));
    await rejectsWith('OUTCOME_UNKNOWN', commits.submit(write('a')));
    assert.equal(await commits.submit(write('b')), 'answer to b');
  });

  it('acknowledges nothing in the second transaction that only the first one wrote', async () => {
    const { commits, write, committed, failNext } = createFakeStore();
    failNext(errorWithCode(28));
    let attempts = 0;
    const check = () => ({
      answer: 'done',
      write() {
        attempts += 1;
        if (attempts === 2) throw new Error('half');
      },
    });
    const half = rejectsWith('OUTCOME_UNKNOWN', commits.submit({ bytes: 0, check }));
    await rejectsWith('TIER_UNAVAILABLE', commits.submit(write('after it', 0)));
    await half;
    assert.deepEqual(committed, ['touch']);
  });
});
