import type { BlobName } from '@holdfast/domain';
import { createRevisionIds, systemClock as clock } from '@holdfast/service-kit';
import assert from 'node:assert/strict';
import { startChild, type Child } from '../support/child-process.js';
import { openFilesystemFixture, type FilesystemFixture } from '../support/filesystem-fixture.js';
import { assertWhole, listAll } from '../support/stored-blobs.js';

const child = new URL('../support/filesystem-child.ts', import.meta.url);

describe('a process that is killed while it stores blobs', () => {
  let fixture: FilesystemFixture;

  beforeEach(async () => {
    fixture = await openFilesystemFixture();
  });

  afterEach(() => fixture.close());

  async function ackedNext(writer: Child): Promise<BlobName> {
    const line = await writer.nextLine();
    assert(line !== undefined, 'a writer goes on until it is killed');
    return line as BlobName;
  }

  /** Kills a writer after it has acked so many blobs, and answers which. */
  async function killAfter(ackedCount: number): Promise<BlobName[]> {
    const writer = startChild(child, ['endless', fixture.root]);
    const acked: BlobName[] = [];
    try {
      while (acked.length < ackedCount) acked.push(await ackedNext(writer));
    } finally {
      await writer.kill();
    }
    for (let line = await writer.nextLine(); line !== undefined; line = await writer.nextLine()) {
      acked.push(line as BlobName);
    }
    return acked;
  }

  /** Kills a writer that has written a part of its blob. */
  async function killInTheMiddle(): Promise<void> {
    const writer = startChild(child, ['paused', fixture.root, createRevisionIds(clock).revision()]);
    try {
      assert.equal(await writer.nextLine(), 'paused');
    } finally {
      await writer.kill();
    }
  }

  it('leaves every blob it acknowledged whole, and no torn one', async () => {
    const acked: BlobName[] = [];
    for (const count of [1, 8, 30, 53]) acked.push(...(await killAfter(count)));
    const { blobs, undecided } = await listAll(fixture.tier);
    assert.deepEqual(undecided, []);
    for (const { name } of blobs) await assertWhole(fixture.tier, name);
    const listed = new Set(blobs.map(({ name }) => name));
    assert.ok(acked.length >= 92);
    for (const name of acked) assert.ok(listed.has(name), `${name} is listed`);
  });

  it('leaves temporary files that are removed once they are old, and nothing else is', async () => {
    const acked = await killAfter(5);
    await killInTheMiddle();
    const left = await fixture.leftovers();
    assert.ok(left.length > 0, 'a writer was interrupted');
    const young = await fixture.tier.removeAbandoned({ olderThanMs: 3_600_000, examinedMax: 100 });
    assert.deepEqual(young, { examined: left.length, removed: 0, removedBytes: 0 });
    const old = await fixture.tier.removeAbandoned({ olderThanMs: -1, examinedMax: 100 });
    assert.equal(old.removed, left.length);
    assert.deepEqual(await fixture.leftovers(), []);
    for (const name of acked) await assertWhole(fixture.tier, name);
  });
});
