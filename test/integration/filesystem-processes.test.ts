import { blobNameOf, parseObjectId } from '@holdfast/domain';
import { createCountingIds, createManualClock } from '@holdfast/testkit';
import assert from 'node:assert/strict';
import { startChild, type Child } from '../support/child-process.js';
import { openFilesystemFixture, type FilesystemFixture } from '../support/filesystem-fixture.js';
import { assertWhole, listAll } from '../support/stored-blobs.js';

const child = new URL('../support/filesystem-child.ts', import.meta.url);
const id = parseObjectId({ usecase: 'child', scopes: [], key: 'blob' });
const revision = createCountingIds(createManualClock()).revision();
const name = blobNameOf(id, revision);

describe('processes that share a directory of blobs', () => {
  let fixture: FilesystemFixture;
  let children: Child[];

  beforeEach(async () => {
    fixture = await openFilesystemFixture();
    children = [];
  });

  afterEach(async () => {
    for (const writer of children) await writer.kill();
    await fixture.close();
  });

  /** A process that has written the better part of a blob and waits. */
  async function startPausedWriter(): Promise<Child> {
    const writer = startChild(child, ['paused', fixture.root, revision]);
    children.push(writer);
    assert.equal(await writer.nextLine(), 'paused');
    return writer;
  }

  async function answerOf(writer: Child): Promise<string> {
    return (await writer.nextLine()) ?? 'nothing';
  }

  it('create a name only once, with the bytes of the one that was told so', async () => {
    const writers = await Promise.all([startPausedWriter(), startPausedWriter()]);
    for (const writer of writers) writer.proceed();
    const answers = await Promise.all(writers.map(answerOf));
    const [winner, ...others] = answers.filter((answer) => answer.startsWith('created'));
    assert.deepEqual(others, []);
    assert.ok(answers.some((answer) => answer.startsWith('exists')));
    const head = await fixture.tier.head(name);
    assert.equal(head.kind, 'found');
    assert.equal(`created ${head.metadata.origin}`, winner);
    await assertWhole(fixture.tier, name);
    assert.deepEqual(await fixture.leftovers(), []);
  });

  it('see nothing of a blob while another is writing it', async () => {
    const writer = await startPausedWriter();
    assert.deepEqual(await fixture.tier.head(name), { kind: 'absent' });
    assert.deepEqual(await listAll(fixture.tier), { blobs: [], undecided: [] });
    writer.proceed();
    assert.match(await answerOf(writer), /^created/);
    await assertWhole(fixture.tier, name);
  });

  it('leave the file of a writer alone that has written lately', async () => {
    const writer = await startPausedWriter();
    const query = { olderThanMs: 3_600_000, examinedMax: 100 };
    assert.equal((await fixture.tier.removeAbandoned(query)).removed, 0);
    writer.proceed();
    assert.match(await answerOf(writer), /^created/);
  });

  it('may take the file of a paused writer away: its create fails and nothing appears', async () => {
    const writer = await startPausedWriter();
    const query = { olderThanMs: -1, examinedMax: 100 };
    assert.equal((await fixture.tier.removeAbandoned(query)).removed, 1);
    writer.proceed();
    assert.equal(await writer.nextLine(), 'TIER_UNAVAILABLE');
    assert.deepEqual(await fixture.tier.head(name), { kind: 'absent' });
    assert.deepEqual(await listAll(fixture.tier), { blobs: [], undecided: [] });
  });
});
