import type { cleanup } from '@holdfast/contracts';
import { rpc } from '@holdfast/contracts';
import { fromStatusBytes } from '@holdfast/rpc';
import assert from 'node:assert/strict';
import { createRetryDeadLetters } from '../../../services/cleanup-worker/src/operators/retry-dead-letters.js';
import { assertRefused, callContext } from '../../support/maintenance.js';
import { queueDown } from '../../support/operators/fake-queues.js';
import { storeDown } from '../../support/operators/fake-store.js';
import {
  createOperatorsBed,
  selectBy,
  selectIds,
  type OperatorsBed,
} from '../../support/operators/operators-bed.js';
import { metricValue } from '../tiered-store/quiet.js';

const minuteMs = 60_000;

describe('RetryDeadLetters', () => {
  let bed: OperatorsBed;
  beforeEach(() => {
    bed = createOperatorsBed();
  });

  function retry(
    selection: cleanup.DeadLetterSelection | undefined,
    spread?: cleanup.RetryDeadLettersRequest['spread'],
    signal?: AbortSignal,
  ): Promise<cleanup.RetryDeadLettersResponse> {
    const handler = createRetryDeadLetters(bed.dependencies);
    return handler({ selection, spread }, callContext(signal));
  }

  function auditedLetters(): readonly string[] {
    return bed.audit().flatMap(({ letters }) => letters as string[]);
  }

  it('puts letters back by name, each once, and says which are none', async () => {
    const [first, second] = [bed.addChangeLetter(), bed.addBlobLetter()];
    bed.addChangeLetter();
    const { retried, failures, more } = await retry(
      selectIds(first.id, 'none', second.id, first.id),
    );
    assert.deepEqual([retried, more], [2, false]);
    assert.deepEqual([...bed.queues.retried.keys()], [first.id, second.id]);
    assert.deepEqual(reasonsOf(failures), [['none', 'DEAD_LETTER_NOT_FOUND']]);
    // They run at once.
    assert.deepEqual([...bed.queues.retried.values()], [undefined, undefined]);
  });

  it('answers to a repeated call that they are gone', async () => {
    const { id } = bed.addChangeLetter();
    await retry(selectIds(id));
    const { retried, failures } = await retry(selectIds(id));
    assert.deepEqual([retried, reasonsOf(failures)], [0, [[id, 'DEAD_LETTER_NOT_FOUND']]]);
  });

  it('puts back all that match', async () => {
    const matching = bed.addChangeLetter('photos', { reason: 'UNREADABLE' });
    bed.addChangeLetter('photos');
    bed.addChangeLetter('logs', { reason: 'UNREADABLE' });
    const filter = { reason: 'UNREADABLE', usecase: 'photos' };
    const answer = await retry(selectBy(filter));
    assert.deepEqual(answer, { retried: 1, failures: [], more: false });
    assert.deepEqual([...bed.queues.retried.keys()], [matching.id]);
    assert.deepEqual(await retry(selectBy()), { retried: 2, failures: [], more: false });
    assert.deepEqual(await retry(selectBy()), { retried: 0, failures: [], more: false });
  });

  it('puts back 1,000 in one call, the oldest, and says that there are more', async () => {
    for (let at = 0; at < 2_345; at += 1) bed.addChangeLetter();
    const ids = bed.queues.ids();
    const rounds = [];
    for (let more = true; more;) {
      const answer = await retry(selectBy());
      rounds.push(answer.retried);
      more = answer.more;
    }
    assert.deepEqual(rounds, [1_000, 1_000, 345]);
    assert.deepEqual([...bed.queues.retried.keys()], ids);
  });

  it('does not promise more where exactly 1,000 match', async () => {
    for (let at = 0; at < 1_000; at += 1) bed.addChangeLetter();
    assert.deepEqual(await retry(selectBy()), { retried: 1_000, failures: [], more: false });
  });

  it('finds what matches behind any number of others', async () => {
    for (let at = 0; at < 2_000; at += 1) bed.addChangeLetter();
    const last = bed.addChangeLetter('photos', { reason: 'UNREADABLE' });
    const { retried, more } = await retry(selectBy({ reason: 'UNREADABLE' }));
    assert.deepEqual([retried, more], [1, false]);
    assert.deepEqual([...bed.queues.retried.keys()], [last.id]);
  });

  it('spreads them over a while', async () => {
    for (let at = 0; at < 200; at += 1) bed.addChangeLetter();
    await retry(selectBy(), { seconds: 300n, nanos: 0 });
    const now = bed.clock.now();
    const delays = [...bed.queues.retried.values()].map((due = now) => due - now);
    assert.equal(delays.length, 200);
    assert.ok(delays.every((delay) => Number.isInteger(delay) && delay >= 0));
    assert.ok(delays.every((delay) => delay < 5 * minuteMs));
    const [early, late] = [Math.min(...delays), Math.max(...delays)];
    assert.ok(late - early > 2 * minuteMs, `${early} to ${late}`);
    assert.ok(new Set(delays).size > 100);
  });

  it('does not count a letter that is gone when its turn comes', async () => {
    const [gone, kept] = [bed.addChangeLetter(), bed.addChangeLetter()];
    bed.queues.before = (what, id) => {
      if (what !== 'retryDeadLetter' || id !== gone.id) return;
      bed.queues.before = () => undefined;
      void bed.queues.consumer.discardDeadLetter(gone.id);
    };
    const answer = await retry(selectBy());
    assert.deepEqual(answer, { retried: 1, failures: [], more: false });
    assert.deepEqual([...bed.queues.retried.keys()], [kept.id]);
  });

  it('fails as a whole when the queues cannot be reached, and nothing was done', async () => {
    const ids = [bed.addChangeLetter().id, bed.addChangeLetter().id];
    bed.queues.before = () => {
      throw queueDown();
    };
    const unavailable = { reason: 'QUEUE_UNAVAILABLE' };
    await assert.rejects(retry(selectBy()), unavailable);
    await assert.rejects(retry(selectIds(...ids)), unavailable);
    // They may have been asked in vain, or have answered too late.
    assert.deepEqual(
      bed.audit().map(({ message, letters }) => [message, letters]),
      [['dead letters may have been retried: outcome unknown', ids]],
    );
  });

  it('says what it has done when they are lost on the way, and leaves the rest alone', async () => {
    for (let at = 0; at < 500; at += 1) bed.addChangeLetter();
    let asked = 0;
    bed.queues.before = (what) => {
      if (what !== 'retryDeadLetter') return;
      asked += 1;
      if (asked > 100) throw queueDown();
    };
    const { retried, failures } = await retry(selectBy());
    assert.equal(retried, 100);
    assert.equal(failures.length, 400);
    assert.ok(asked < 200, 'it does not wait for each of them to fail');
    assert.deepEqual(
      [...new Set(reasonsOf(failures).map(([, reason]) => reason))],
      ['QUEUE_UNAVAILABLE'],
    );
    assert.equal(bed.queues.ids().length, 400);
  });

  it('tells of one that fails by itself, and goes on', async () => {
    const [broken, fine] = [bed.addChangeLetter(), bed.addChangeLetter()];
    bed.queues.before = (_what, id) => {
      if (id === broken.id) throw new Error('a path at 10.0.0.1');
    };
    const { retried, failures } = await retry(selectBy());
    assert.deepEqual([retried, failures.map(({ id }) => id)], [1, [broken.id]]);
    assert.equal(failures[0]?.error?.message, 'the server failed');
    assert.deepEqual([...bed.queues.retried.keys()], [fine.id]);
  });

  it('puts back nothing where the usecase cannot be told', async () => {
    bed.addChangeLetter('photos');
    bed.addBlobLetter('photos');
    bed.store.before = () => {
      throw storeDown();
    };
    await assert.rejects(retry(selectBy({ usecase: 'photos' })), { reason: 'TIER_UNAVAILABLE' });
    assert.equal(bed.queues.retried.size, 0);
    // Without that question the store is not asked.
    bed.store.calls.length = 0;
    assert.equal((await retry(selectBy())).retried, 2);
    assert.deepEqual(bed.store.calls, []);
  });

  it('begins nothing any more once its caller has gone', async () => {
    for (let at = 0; at < 500; at += 1) bed.addChangeLetter();
    const caller = new AbortController();
    const gone = new Error('gone');
    bed.queues.before = (what) => {
      if (what === 'retryDeadLetter' && bed.queues.retried.size === 50) caller.abort(gone);
    };
    await assert.rejects(retry(selectBy(), undefined, caller.signal), gone);
    assert.ok(bed.queues.retried.size < 200);
    assert.deepEqual(auditedLetters(), [...bed.queues.retried.keys()]);
  });

  it('is written down, and counted', async () => {
    const { id } = bed.addChangeLetter('photos');
    bed.addChangeLetter('photos');
    await retry(selectIds(id, 'none'), { seconds: 1n, nanos: 0 });
    await retry(selectBy({ reason: 'TIER_UNAVAILABLE' }));
    await retry(selectBy({ reason: 'TIER_UNAVAILABLE' }));
    const told = bed.audit().map(({ message, peer, letters, filter, spreadMs }) => {
      return { message, peer, letters, filter, spreadMs };
    });
    const same = { message: 'dead letters were retried', peer: 'ipv4:127.0.0.1:1' };
    const [, second] = [...bed.queues.retried.keys()];
    assert.deepEqual(told, [
      { ...same, letters: [id], filter: undefined, spreadMs: 1_000 },
      { ...same, letters: [second], filter: { reason: 'TIER_UNAVAILABLE' }, spreadMs: 0 },
    ]);
    assert.equal(await metricValue(bed.metrics, 'dead_letters_retried_total'), 2);
  });

  it('is written down letter by letter, on lines that hold all of their ids', async () => {
    for (let at = 0; at < 250; at += 1) bed.addChangeLetter();
    const ids = bed.queues.ids();
    await retry(selectIds('none', ...ids));
    const lines = bed.audit().map(({ letters }) => letters as string[]);
    assert.deepEqual(
      lines.map(({ length }) => length),
      [60, 60, 60, 60, 10],
    );
    assert.deepEqual(lines.flat(), ids);
  });

  it('does not say that letters were retried whose answer was lost', async () => {
    const [lost, fine] = [bed.addChangeLetter(), bed.addChangeLetter()];
    bed.queues.before = (_what, id) => {
      if (id === lost.id) throw new Error('cut off');
    };
    await retry(selectBy());
    const told = bed.audit().map(({ message, letters }) => [message, letters]);
    assert.deepEqual(told, [
      ['dead letters were retried', [fine.id]],
      ['dead letters may have been retried: outcome unknown', [lost.id]],
    ]);
    assert.match(JSON.stringify(bed.audit()[1]?.['error']), /cut off/);
  });

  it('refuses what it cannot make sense of, and does nothing', async () => {
    const { id } = bed.addChangeLetter();
    const refused = async (
      selection: cleanup.DeadLetterSelection | undefined,
      reason: string,
      field: string,
    ): Promise<void> => assertRefused(retry(selection), reason, field);
    await refused(undefined, 'INVALID_SELECTION', 'selection');
    await refused({ selection: undefined }, 'INVALID_SELECTION', 'selection');
    await refused(selectIds(), 'INVALID_BATCH', 'selection.ids.ids');
    const tooMany = Array.from({ length: 1_001 }, (_, at) => `x${at}`);
    await refused(selectIds(...tooMany), 'INVALID_BATCH', 'selection.ids.ids');
    await refused(selectIds(id, ''), 'INVALID_SELECTION', 'selection.ids.ids[1]');
    await refused(selectIds('x'.repeat(1_025)), 'INVALID_SELECTION', 'selection.ids.ids[0]');
    const lower = selectBy({ reason: 'x' });
    await refused(lower, 'INVALID_SELECTION', 'selection.filter.reason');
    for (const [seconds, nanos] of [
      [-1n, 0],
      [0n, -1],
      [0n, 1_000_000_000],
      [604_801n, 0],
      [2n ** 63n - 1n, 0],
    ] as const) {
      await assertRefused(retry(selectIds(id), { seconds, nanos }), 'INVALID_LIMIT', 'spread');
    }
    assert.deepEqual(bed.queues.ids(), [id]);
    assert.deepEqual(bed.lines, []);
  });
});

function reasonsOf(failures: readonly cleanup.DeadLetterFailure[]): [string, string | undefined][] {
  return failures.map(({ id, error }) => {
    assert(error !== undefined);
    return [id, fromStatusBytes(rpc.Status.encode(error).finish()).reason];
  });
}
