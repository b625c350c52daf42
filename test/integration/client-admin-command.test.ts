import { status } from '@grpc/grpc-js';
import type { Timestamp } from '@holdfast/domain';
import { rpcError } from '@holdfast/rpc';
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { cleanupMethods } from '../../services/cleanup-worker/src/operators/cleanup-methods.js';
import { startTestServer, type TestServer } from './rpc-server/test-server.js';
import { createCertificateAuthority, writeCertificate } from '../support/certificates.js';
import { waitUntil } from '../support/cluster-wait.js';
import {
  endOf,
  runHoldfast,
  spawnHoldfast,
  type CommandEnd,
  type InProcess,
} from '../support/holdfast-command.js';
import { queueDown } from '../support/operators/fake-queues.js';
import { storeDown } from '../support/operators/fake-store.js';
import { createOperatorsBed, type OperatorsBed } from '../support/operators/operators-bed.js';

describe('holdfast admin', () => {
  let bed: OperatorsBed;
  let server: TestServer;
  beforeEach(async () => {
    bed = createOperatorsBed();
    server = await startTestServer(cleanupMethods(bed.dependencies));
  });
  afterEach(() => server.close());

  function admin(args: readonly string[], given?: InProcess): Promise<CommandEnd> {
    return runHoldfast(['admin', ...args], `127.0.0.1:${server.port}`, given);
  }

  /** What it prints, for a command that goes well. */
  async function printed(args: readonly string[], given?: InProcess): Promise<string> {
    const { code, stdout, stderr } = await admin(args, given);
    assert.deepEqual([code, stderr], [0, '']);
    return stdout;
  }

  async function json(...args: readonly string[]): Promise<unknown> {
    return JSON.parse(await printed([...args, '--json']));
  }

  /** The queues act on so many letters, and the first answer for each is lost. */
  function loseFirstAnswer(what: 'retryDeadLetter' | 'discardDeadLetter', letters: number): void {
    const { consumer } = bed.queues;
    let lost = 0;
    const losing = async (id: string): Promise<string> => {
      const outcome = await consumer[what](id);
      lost += 1;
      if (lost <= letters) throw queueDown();
      return outcome;
    };
    Object.assign(bed.queues, { consumer: { ...consumer, [what]: losing } });
  }

  describe('stats', () => {
    it('shows queues and bytes to people', async () => {
      bed.addChangeLetter();
      bed.queues.pausedFor.set('orphan-reclaim', 'the bucket moves');
      const bytes = new Map([
        ['photos', 3n * 1024n ** 2n],
        ['', 5n],
      ]);
      bed.orphanBytes.counted = { time: new Date(0), bytes };
      const lines = (await printed(['stats'], { outputColumns: 140 })).split('\n');
      assert.deepEqual(lines, [
        'queue              state    waiting  delayed  active  dead letters  waiting since             why',
        'changelog-cleanup  running        3        2       1             1  2023-11-14T22:13:20.000Z',
        'orphan-reclaim     paused         3        2       1             0  2023-11-14T22:13:20.000Z  the bucket moves',
        '',
        'Orphan bytes as of 1970-01-01T00:00:00.000Z:',
        'usecase   orphan bytes',
        'photos         3.0 MiB',
        '(others)           5 B',
        '',
      ]);
      for (const line of (await printed(['stats'], { outputColumns: 40 })).split('\n')) {
        assert.ok(line.length <= 44, line);
      }
    });

    it('says when there is nothing to tell of the bytes', async () => {
      bed.orphanBytes.counted = undefined;
      assert.match(
        await printed(['stats'], { outputColumns: 99 }),
        /have not been counted yet\.\n/,
      );
      bed.orphanBytes.counted = { time: new Date(0), bytes: new Map() };
      assert.match(await printed(['stats'], { outputColumns: 99 }), /1970-.*Z: none\.\n$/);
    });

    it('parts everything by tabs where no terminal shows it', async () => {
      bed.orphanBytes.counted = { time: new Date(0), bytes: new Map([['photos', 7n]]) };
      assert.deepEqual((await printed(['stats'])).split('\n'), [
        'queue\tchangelog-cleanup\trunning\t3\t2\t1\t0\t2023-11-14T22:13:20.000Z\t',
        'queue\torphan-reclaim\trunning\t3\t2\t1\t0\t2023-11-14T22:13:20.000Z\t',
        'orphan-bytes\tphotos\t7\t1970-01-01T00:00:00.000Z',
        '',
      ]);
    });

    it('prints one JSON document', async () => {
      bed.breaker.state = 'open';
      bed.breaker.reason = 'the store is down';
      bed.orphanBytes.counted = { time: new Date(0), bytes: new Map([['photos', 7n]]) };
      const queue = {
        state: 'held',
        stateReason: 'the store is down',
        waiting: 3,
        delayed: 2,
        active: 1,
        deadLetters: 0,
        oldestWaitingTime: '2023-11-14T22:13:20.000Z',
      };
      assert.deepEqual(await json('stats'), {
        queues: [
          { queue: 'changelog-cleanup', ...queue },
          { queue: 'orphan-reclaim', ...queue },
        ],
        orphanBytes: [{ usecase: 'photos', bytes: 7 }],
        orphanBytesTime: '1970-01-01T00:00:00.000Z',
      });
    });
  });

  describe('dead-letters', () => {
    it('lists them on lines for people, cut to the terminal', async () => {
      const { id } = bed.addChangeLetter('photos');
      const wide = await printed(['dead-letters'], { outputColumns: 300 });
      const [head = '', line = '', ...rest] = wide.split('\n');
      assert.match(
        head,
        /^id +reason +bytes +object +attempts +last attempt +first enqueued +queue/,
      );
      assert.ok(line.startsWith(`${id}  TIER_UNAVAILABLE  1000 B  photos/org=42:key-1  `), line);
      assert.ok(line.endsWith('  the store is down'));
      assert.deepEqual(rest, ['']);
      const narrow = await printed(['dead-letters'], { outputColumns: 40 });
      assert.ok(narrow.split('\n').every(({ length }) => length <= 40));
    });

    it('lists them whole for programs, the id first', async () => {
      const { id } = bed.addBlobLetter('photos', 4_096n);
      const cells = (await printed(['dead-letters'])).trimEnd().split('\t');
      const time = '2023-11-14T22:13:20.000Z';
      assert.deepEqual(cells, [
        id,
        'TIER_UNAVAILABLE',
        '4096',
        'photos:orphan-1',
        '10',
        time,
        time,
        'orphan-reclaim',
        'the store is down',
      ]);
    });

    it('tells all of each with --long, and as JSON', async () => {
      const letters = [bed.addChangeLetter('photos'), bed.addBlobLetter('logs')];
      const long = await printed(['dead-letters', '--long']);
      const [first = '', second = '', ...others] = long.split('\n\n');
      assert.match(first, /^id +letter-1$/m);
      assert.match(first, /^object +photos\/org=42:key-1$/m);
      assert.match(first, /^bytes +1000 \(1000 B\)$/m);
      assert.match(second, /^blob +logs\/objects\/orphan-1\//m);
      assert.deepEqual(others, []);
      const told = (await printed(['dead-letters', '--json']))
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
      assert.deepEqual(
        told.map(({ id }) => id),
        letters.map(({ id }) => id),
      );
      assert.deepEqual(Object.keys(told[0] ?? {}), [
        'id',
        'queue',
        'changeId',
        'blob',
        'reference',
        'blobs',
        'bytes',
        'timeFirstEnqueued',
        'timeLastAttempt',
        'attempts',
        'reason',
        'lastError',
      ]);
      assert.equal(told[0]?.['blob'], null);
      assert.equal(told[1]?.['reference'], 'logs:orphan-1');
    });

    it('goes through all pages, and stops when told to', async () => {
      for (let at = 0; at < 700; at += 1) bed.addChangeLetter();
      const ids = async (...flags: string[]): Promise<string[]> =>
        (await printed(['dead-letters', ...flags]))
          .trimEnd()
          .split('\n')
          .map((line) => line.split('\t')[0] ?? '');
      assert.deepEqual(await ids(), bed.queues.ids());
      assert.deepEqual(await ids('-n', '3'), bed.queues.ids().slice(0, 3));
      assert.deepEqual(await ids('-n', '350'), bed.queues.ids().slice(0, 350));
    });

    it('filters, by how long ago too', async () => {
      const old = (Date.now() - 7_200_000) as Timestamp;
      const matching = bed.addChangeLetter('photos', { timeFirstEnqueued: old });
      const young = Date.now() as Timestamp;
      bed.addChangeLetter('photos', { timeFirstEnqueued: young });
      bed.addChangeLetter('logs', { timeFirstEnqueued: old });
      bed.addChangeLetter('photos', { timeFirstEnqueued: old, reason: 'UNREADABLE' });
      bed.addBlobLetter('photos');
      const flags = [
        ['--queue', 'changelog-cleanup'],
        ['--reason', 'TIER_UNAVAILABLE'],
        ['--usecase', 'photos'],
        ['--enqueued-by', '1h'],
      ];
      const lines = await printed(['dead-letters', ...flags.flat()]);
      assert.deepEqual(lines.split('\n').length, 2);
      assert.ok(lines.startsWith(`${matching.id}\t`));
      const time = new Date(old).toISOString();
      assert.equal((await printed(['dead-letters', '--enqueued-by', time])).split('\n').length, 5);
    });

    it('prints nothing where there are none', async () => {
      assert.equal(await printed(['dead-letters'], { outputColumns: 80 }), '');
      assert.equal(await printed(['dead-letters', '--json']), '');
    });

    it('does not let anybody steer the terminal', async () => {
      bed.addChangeLetter('photos', { lastError: 'a\u{1B}[2J\tb\nc', id: 'x\u{1B}]0;y\u0007' });
      bed.queues.pausedFor.set('orphan-reclaim', '\u{1B}[31m');
      for (const outputColumns of [undefined, 200]) {
        const given = outputColumns === undefined ? {} : { outputColumns };
        for (const args of [['dead-letters'], ['dead-letters', '--long'], ['stats']]) {
          const text = await printed(args, given);
          // oxlint-disable-next-line no-control-regex
          assert.doesNotMatch(text, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
        }
      }
      assert.equal((await printed(['dead-letters'])).split('\n').length, 2);
    });
  });

  describe('retry', () => {
    it('puts letters back by name', async () => {
      const [first, second] = [bed.addChangeLetter(), bed.addChangeLetter()];
      bed.addChangeLetter();
      assert.equal(await printed(['retry', first.id, second.id]), '2 dead letters retried\n');
      assert.deepEqual([...bed.queues.retried.keys()], [first.id, second.id]);
    });

    it('puts those back whose names it reads', async () => {
      for (let at = 0; at < 1_200; at += 1) bed.addChangeLetter();
      const ids = bed.queues.ids();
      const stdin = Readable.from([`${ids.join('\r\n')}\n\n`]);
      assert.equal(await printed(['retry', '-'], { stdin }), '1200 dead letters retried\n');
      assert.equal(bed.queues.ids().length, 0);
    });

    it('says which are none, and ends with 3 for a single one', async () => {
      const none = await admin(['retry', 'none']);
      assert.equal(none.code, 3);
      assert.equal(none.stdout, '0 dead letters retried, 1 failed\n');
      const why = 'there is no such dead letter (DEAD_LETTER_NOT_FOUND)';
      assert.equal(none.stderr, `holdfast: none: ${why}\n`);
      const { id } = bed.addChangeLetter();
      const both = await admin(['retry', id, 'no\u{1B}ne', '--json']);
      assert.equal(both.code, 1);
      assert.match(both.stderr, /^holdfast: no\u{FFFD}ne: /u);
      assert.deepEqual(JSON.parse(both.stdout), {
        retried: 1,
        failures: [
          {
            id: 'no\u{1B}ne',
            error: {
              code: 'NOT_FOUND',
              reason: 'DEAD_LETTER_NOT_FOUND',
              message: 'there is no such dead letter',
            },
          },
        ],
      });
    });

    it('puts all back, however many there are', async () => {
      for (let at = 0; at < 2_500; at += 1) bed.addChangeLetter();
      assert.equal(await printed(['retry', '--all']), '2500 dead letters retried\n');
      assert.deepEqual(await json('retry', '--all'), { retried: 0, failures: [] });
    });

    it('puts back what matches', async () => {
      bed.addChangeLetter('photos');
      bed.addChangeLetter('logs', { reason: 'UNREADABLE' });
      bed.addChangeLetter('photos', { reason: 'UNREADABLE' });
      const flags = ['--reason', 'UNREADABLE', '--usecase', 'photos'];
      assert.equal(await printed(['retry', ...flags]), '1 dead letter retried\n');
      assert.deepEqual([...bed.queues.retried.keys()], ['letter-3']);
    });

    it('spreads them over a while', async () => {
      for (let at = 0; at < 50; at += 1) bed.addChangeLetter();
      await printed(['retry', '--all', '--spread', '5min']);
      const now = bed.clock.now();
      const delays = [...bed.queues.retried.values()].map((due = now) => due - now);
      assert.ok(delays.every((delay) => delay < 300_000));
      assert.ok(delays.some((delay) => delay > 60_000));
    });

    it('ends although all of them come back at once', async () => {
      for (let at = 0; at < 1_500; at += 1) bed.addChangeLetter();
      const { retryDeadLetter } = bed.queues.consumer;
      const consumer = {
        ...bed.queues.consumer,
        async retryDeadLetter(id: string) {
          const outcome = await retryDeadLetter(id);
          bed.addChangeLetter('photos', { id });
          return outcome;
        },
      };
      Object.assign(bed.queues, { consumer });
      const { code, stdout, stderr } = await admin(['retry', '--all']);
      assert.deepEqual([code, stdout], [0, '2000 dead letters retried\n']);
      assert.match(stderr, /there are new dead letters by now; they are left alone/);
    });

    it('ends when it gets nowhere', async () => {
      for (let at = 0; at < 1_500; at += 1) bed.addChangeLetter();
      bed.queues.before = (what) => {
        if (what === 'retryDeadLetter') throw new Error('stuck');
      };
      const { code, stdout, stderr } = await admin(['retry', '--all']);
      assert.deepEqual([code, stdout], [1, '0 dead letters retried, 1000 failed\n']);
      assert.match(stderr, /holdfast: letter-1: the server failed \(INTERNAL\)\n/);
      assert.match(stderr, /none of the oldest could be retried; the others are left alone\n$/);
    });

    it('tells once of a letter that fails again and again', async () => {
      for (let at = 0; at < 1_500; at += 1) bed.addChangeLetter();
      bed.queues.before = (_what, id) => {
        if (id === 'letter-7') throw new Error('stuck');
      };
      const { code, stdout, stderr } = await admin(['retry', '--all']);
      assert.deepEqual([code, stdout], [1, '1499 dead letters retried, 1 failed\n']);
      assert.equal(stderr.split('\n').length, 2);
    });

    it('shows progress to who watches, and to nobody else', async () => {
      for (let at = 0; at < 1_500; at += 1) bed.addChangeLetter();
      const { stdout, stderr } = await admin(['retry', '--all'], { isWatched: true });
      assert.equal(stdout, '1500 dead letters retried\n');
      assert.ok(stderr.includes('\r\u{1B}[K1000 dead letters retried of 1500'), stderr);
      assert.ok(stderr.endsWith('\r\u{1B}[K'));
    });

    it('tells what it had done when the queues are lost on the way', async () => {
      for (let at = 0; at < 1_500; at += 1) bed.addChangeLetter();
      bed.queues.before = () => {
        if (bed.queues.retried.size === 1_000) throw queueDown();
      };
      const { code, stdout, stderr } = await admin(['retry', '--all']);
      assert.deepEqual([code, stdout], [5, '1000 dead letters retried\n']);
      const why = 'the cleanup queues cannot be reached (QUEUE_UNAVAILABLE)';
      assert.equal(stderr, `holdfast: ${why}\n`);
    });

    it('is stopped by an interrupt, and tells what it had done', async () => {
      for (let at = 0; at < 1_500; at += 1) bed.addChangeLetter();
      const interrupt = new AbortController();
      bed.queues.before = (what) => {
        if (what === 'listDeadLetters' && bed.queues.retried.size >= 1_000) interrupt.abort();
      };
      const end = await admin(['retry', '--all'], { signal: interrupt.signal });
      assert.equal(end.code, 130);
      assert.equal(end.stdout, '1000 dead letters retried\n');
    });

    it('is stopped by an interrupt while it waits for names, at the first', async () => {
      for (let at = 0; at < 1_000; at += 1) bed.addChangeLetter();
      const child = spawnHoldfast(['admin', 'retry', '-'], `127.0.0.1:${server.port}`);
      const end = endOf(child);
      // As many as it takes for a call, and one for which it waits for more.
      child.stdin?.write(`${bed.queues.ids().join('\n')}\nletter-of-tomorrow\n`);
      await waitUntil(
        'the first call is made',
        () => bed.queues.retried.size,
        (size) => size === 1_000,
      );
      child.kill('SIGINT');
      const { code, stdout, stderr } = await end;
      assert.deepEqual([code, stderr], [130, '']);
      assert.match(stdout, /^(1000 dead letters retried\n)?$/);
    });

    it('does not wait for names any more once it is interrupted', async () => {
      for (const command of [['retry'], ['discard', '--because', 'why']]) {
        const interrupt = new AbortController();
        // Somebody at a terminal who has not typed anything yet.
        const stdin = new Readable({ read: () => interrupt.abort() });
        const end = admin([...command, '-'], { stdin, signal: interrupt.signal });
        assert.equal((await end).code, 130);
        assert.ok(stdin.destroyed);
      }
    });

    it('takes names that an attempt before has retried for no failure', async () => {
      const letters = [bed.addChangeLetter(), bed.addChangeLetter()];
      loseFirstAnswer('retryDeadLetter', letters.length);
      const [first, second] = letters.map(({ id }) => id);
      const { code, stdout, stderr } = await admin(['retry', first ?? '', second ?? '', '--json']);
      assert.equal(code, 0);
      assert.deepEqual([...bed.queues.retried.keys()], [first, second]);
      assert.deepEqual(JSON.parse(stdout), {
        retried: 0,
        goneAlready: [first, second],
        failures: [],
      });
      const why = 'the call had to be repeated, and the first attempt may have retried it';
      assert.equal(
        stderr,
        [first, second].map((id) => `holdfast: ${id}: gone already: ${why}\n`).join(''),
      );
    });

    it('says that more may be retried than it has counted when an answer is lost', async () => {
      for (let at = 0; at < 20; at += 1) bed.addChangeLetter();
      loseFirstAnswer('retryDeadLetter', 20);
      const { code, stdout, stderr } = await admin(['retry', '--all']);
      assert.deepEqual([code, stdout], [0, '0 dead letters retried\n']);
      assert.equal(stderr, 'holdfast: an answer was lost: more may be retried than are counted\n');
      assert.equal(bed.queues.retried.size, 20);
    });

    it('needs to be told which', async () => {
      const { id } = bed.addChangeLetter();
      for (const args of [[], [id, '--all'], ['--all', '--reason', 'X'], [id, '--usecase', 'x']]) {
        const { code, stderr } = await admin(['retry', ...args]);
        assert.equal(code, 2);
        assert.match(stderr, /^holdfast: which dead letters\?.*\nusage: holdfast admin retry /);
      }
      assert.deepEqual(bed.queues.ids(), [id]);
    });
  });

  describe('discard', () => {
    it('gives letters up, with the reason', async () => {
      const { id } = bed.addChangeLetter();
      bed.addChangeLetter();
      const because = ['--because', 'the bucket is gone'];
      assert.equal(await printed(['discard', id, ...because]), '1 dead letter discarded\n');
      assert.equal(bed.audit()[0]?.['reason'], 'the bucket is gone');
      assert.deepEqual(await json('discard', '--all', ...because), { discarded: 1, failures: [] });
      assert.deepEqual(bed.queues.ids(), []);
    });

    it('takes a letter that an attempt before has discarded for no failure', async () => {
      const { id } = bed.addChangeLetter();
      loseFirstAnswer('discardDeadLetter', 1);
      const { code, stdout, stderr } = await admin(['discard', id, '--because', 'test data']);
      assert.deepEqual([code, stdout], [0, '0 dead letters discarded, 1 gone already\n']);
      assert.match(stderr, /gone already: .* the first attempt may have discarded it\n$/);
      assert.equal(bed.store.log.size, 0);
    });

    it('does nothing without a reason', async () => {
      const { id } = bed.addChangeLetter();
      for (const because of [[], ['--because', '']]) {
        const { code, stderr } = await admin(['discard', id, ...because]);
        assert.equal(code, 2);
        assert.match(stderr, /^holdfast: --because TEXT is required/);
      }
      assert.deepEqual(bed.queues.ids(), [id]);
    });

    it('gives up all, however many there are, but for those that cannot be', async () => {
      for (let at = 0; at < 1_300; at += 1) bed.addChangeLetter();
      const stuck = [...bed.store.log.keys()][5];
      bed.store.beforeEntry = (what, id) => {
        if (what === 'discard' && id === stuck) throw storeDown();
      };
      const { code, stdout } = await admin(['discard', '--all', '--because', 'test data']);
      assert.deepEqual([code, stdout], [1, '1299 dead letters discarded, 1 failed\n']);
      assert.deepEqual(bed.queues.ids(), ['letter-6']);
    });

    it('ends with 5 while the store cannot be reached', async () => {
      const { id } = bed.addChangeLetter();
      bed.store.before = () => {
        throw storeDown();
      };
      const { code, stderr } = await admin(['discard', '--all', '--because', 'test data']);
      assert.equal(code, 5);
      assert.equal(stderr, 'holdfast: no tiered store can be reached (TIER_UNAVAILABLE)\n');
      assert.deepEqual(bed.queues.ids(), [id]);
    });
  });

  describe('pause and resume', () => {
    it('stop a queue, and let it go on', async () => {
      const because = ['--because', 'the bucket moves'];
      const paused = await printed(['pause', 'orphan-reclaim', ...because]);
      assert.equal(paused, 'orphan-reclaim is paused: the bucket moves\n');
      assert.equal(bed.queues.pausedFor.get('orphan-reclaim'), 'the bucket moves');
      const told = await json('pause', 'changelog-cleanup');
      assert.deepEqual((told as { state: string }).state, 'paused');
      assert.equal(await printed(['resume', 'orphan-reclaim']), 'orphan-reclaim is running\n');
      bed.breaker.state = 'open';
      bed.breaker.reason = 'the store is down';
      const held = await printed(['resume', 'changelog-cleanup']);
      assert.equal(held, 'changelog-cleanup is held: the store is down\n');
      assert.equal(bed.queues.pausedFor.size, 0);
    });

    it('know their queues', async () => {
      for (const command of ['pause', 'resume']) {
        const { code, stderr } = await admin([command, 'sweep\u{1B}']);
        assert.equal(code, 2);
        const which = 'a queue is changelog-cleanup or orphan-reclaim; given sweep\u{FFFD}';
        assert.ok(
          stderr.startsWith(`holdfast: ${which}\nusage: holdfast admin ${command} `),
          stderr,
        );
      }
    });
  });

  it('ends with a code that tells what went wrong', async () => {
    const cases = [
      [['dead-letters', '--reason', 'lower'], 2, /filter.reason: .* \(INVALID_SELECTION\)/],
      [['dead-letters', '--usecase', ''], 2, /filter.usecase: .* \(INVALID_SELECTION\)/],
      [['dead-letters', '--queue', 'x'], 2, /a queue is changelog-cleanup or orphan-reclaim/],
      [['dead-letters', '--enqueued-by', 'soon'], 2, /--enqueued-by must be a time like .*soon/],
      [['dead-letters', '-n', '0'], 2, /--limit must be/],
      [['dead-letters', 'x'], 2, /too many operands: none is expected/],
      [['retry', 'x', '--spread', '5'], 2, /--spread must be a duration/],
      [['retry', 'x', '--spread', '8d'], 2, /spread: must be .* 7 days \(INVALID_LIMIT\)/],
      [['pause'], 2, /too few operands: QUEUE is expected/],
      [['stats', '--address', 'x:1'], 2, /unknown option '--address'/],
      [['stats', '--cleanup-worker', 'x'], 2, /address: must be host:port/],
      [['nothing'], 2, /there is no command admin nothing/],
      [[], 2, /a command is expected after admin/],
    ] as const;
    for (const [args, code, message] of cases) {
      const end = await admin(args);
      assert.equal(end.code, code, `${args.join(' ')}: ${end.stderr}`);
      assert.match(end.stderr, message);
      assert.match(end.stderr, /^holdfast: /);
      assert.equal(end.stdout, '');
    }
    bed.queues.before = () => {
      throw queueDown();
    };
    assert.equal((await admin(['stats'])).code, 5);
    bed.queues.before = () => {
      throw rpcError(status.UNAUTHENTICATED, undefined, 'who are you');
    };
    assert.equal((await admin(['stats'])).code, 7);
  });

  it('tries again for a moment before it gives up', async () => {
    let calls = 0;
    bed.queues.before = () => {
      calls += 1;
      if (calls < 3) throw queueDown();
    };
    await printed(['stats']);
    assert.equal(calls, 3);
  });

  it('says that there is no worker, soon', async () => {
    await server.close();
    const end = await admin(['stats', '--timeout', '500ms']);
    assert.equal(end.code, 5);
    assert.match(end.stderr, /^holdfast: cannot connect to 127.0.0.1:\d+ \(UNAVAILABLE\)\n$/);
  });

  it('takes the worker from its flag before the environment, also before the command', async () => {
    const at = ['--cleanup-worker', `127.0.0.1:${server.port}`];
    for (const args of [
      [...at, 'admin', 'pause', 'orphan-reclaim'],
      ['admin', ...at, 'pause', 'orphan-reclaim'],
      ['admin', 'pause', 'orphan-reclaim', ...at],
    ]) {
      assert.equal((await runHoldfast(args, '127.0.0.1:1')).code, 0);
    }
  });

  it('takes the worker from the environment', async () => {
    const end = await endOf(
      spawnHoldfast(['admin', 'stats', '--json'], `127.0.0.1:${server.port}`),
    );
    assert.deepEqual([end.code, end.stderr], [0, '']);
    assert.equal((JSON.parse(end.stdout) as { queues: unknown[] }).queues.length, 2);
  });

  it('speaks TLS', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'holdfast-'));
    const authority = await createCertificateAuthority('test');
    const files = await writeCertificate(directory, await authority.server('worker'));
    const caFile = join(directory, 'ca.pem');
    await writeFile(caFile, authority.certificate);
    const secure = await startTestServer(cleanupMethods(bed.dependencies), {}, files);
    const at = `127.0.0.1:${secure.port}`;
    const name = ['--tls-server-name', 'worker'];
    const trusting = await runHoldfast(['admin', 'stats', ...name, '--tls-ca', caFile], at);
    assert.deepEqual([trusting.code, trusting.stderr], [0, '']);
    const other = await runHoldfast(['admin', 'stats', ...name, '--tls', '--timeout', '500ms'], at);
    assert.equal(other.code, 5);
    await secure.close();
    await rm(directory, { recursive: true });
  });
});
