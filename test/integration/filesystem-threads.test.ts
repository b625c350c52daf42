import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  createThreadOnDemand,
  type ThreadOnDemand,
} from '../../packages/tier-filesystem/src/thread-on-demand.js';
import { waitUntil } from '../support/cluster-wait.js';

/** Answers by what it was asked and which thread it is; dies when it is told to. */
const script = `
import { parentPort, threadId } from 'node:worker_threads';
parentPort.on('message', (asked) => {
  if (asked === 'die') process.exit(1);
  parentPort.postMessage({ asked, threadId });
});`;

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-threads-'));
});

afterEach(() => rm(folder, { recursive: true }));

type TestThread = ThreadOnDemand<string, { readonly asked: string; readonly threadId: number }>;

describe('a thread that is there only while it is needed', () => {
  let file: string;
  let thread: TestThread;

  beforeEach(async () => {
    file = join(folder, 'thread.mjs');
    await writeFile(file, script);
    thread = createThreadOnDemand({ script: pathToFileURL(file) });
  });

  it('ends when nobody has asked it for a while, and the next request has another one', async () => {
    const restless: TestThread = createThreadOnDemand({
      script: pathToFileURL(file),
      idleMsMax: 1,
    });
    const first = await restless.ask('a');
    assert(first);
    await waitUntil(
      'another thread answers',
      () => restless.ask('b'),
      (answer) => answer?.asked === 'b' && answer.threadId !== first.threadId,
    );
  });

  it('answers each request, in one thread', async () => {
    const answers = await Promise.all(['a', 'b', 'c'].map((each) => thread.ask(each)));
    assert.deepEqual(
      answers.map((answer) => answer?.asked),
      ['a', 'b', 'c'],
    );
    assert.equal(new Set(answers.map((answer) => answer?.threadId)).size, 1);
  });

  it('answers nothing to those whom it dies on, and the next request has another thread', async () => {
    const first = await thread.ask('a');
    assert.deepEqual(await Promise.all([thread.ask('die'), thread.ask('b')]), [
      undefined,
      undefined,
    ]);
    const next = await thread.ask('c');
    assert.equal(next?.asked, 'c');
    assert.notEqual(next?.threadId, first?.threadId);
  });
});
