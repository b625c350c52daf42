import { DomainError, type BlobName, type Timestamp } from '@holdfast/domain';
import { nativeChecksum as checksum, systemClock } from '@holdfast/service-kit';
import { createFilesystemTier } from '@holdfast/tier-filesystem';
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { copyFile, mkdir, open, readFile, symlink, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  createBlobSamples,
  payloadOf,
  sampleBytes,
} from '../../packages/testkit/src/contracts/blob-samples.js';
import { layoutOf, placeOf } from '../../packages/tier-filesystem/src/layout.js';
import { openFilesystemFixture, type FilesystemFixture } from '../support/filesystem-fixture.js';
import { skipWithout } from '../support/require-all.js';
import { assertWhole, listAll } from '../support/stored-blobs.js';

const headerBytes = 4096;
const payloadBytes = 10_000;
const hasMkfifo = spawnSync('mkfifo', ['--version']).error === undefined;

describe('files in a directory of blobs that are no whole blobs', () => {
  const newSample = createBlobSamples();
  let fixture: FilesystemFixture;
  let intact: BlobName;

  beforeEach(async () => {
    fixture = await openFilesystemFixture();
    intact = await store();
  });

  afterEach(() => fixture.close());

  async function store(): Promise<BlobName> {
    const { name, metadata } = newSample();
    await fixture.tier.create(name, metadata, payloadOf(sampleBytes(payloadBytes)));
    return name;
  }

  const placed = (name: BlobName): string => placeOf(layoutOf(fixture.root), name).path;

  async function flipByte(path: string, at: number): Promise<void> {
    const file = await open(path, 'r+');
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, at);
    await file.write(Buffer.of((buffer[0] ?? 0) ^ 0xff), 0, 1, at);
    await file.close();
  }

  function isRefusal(error: unknown): boolean {
    return (
      error instanceof DomainError &&
      (error.code === 'UNREADABLE' || error.code === 'CHECKSUM_MISMATCH')
    );
  }

  /** What must hold of any file in a blob's place that is not that blob. */
  async function assertUndecided(name: BlobName): Promise<void> {
    const { tier } = fixture;
    await assert.rejects(tier.read(name), isRefusal);
    await assert.rejects(tier.head(name), isRefusal);
    await assert.rejects(
      tier.create(name, newSample().metadata, payloadOf(Buffer.of(1))),
      isRefusal,
    );
    await assert.rejects(tier.extend(name, newSample().metadata.timeCreated), isRefusal);
    assert.equal(await fixture.openReaders(), 0, 'no file stays open');
    const { blobs, undecided } = await listAll(tier);
    assert.deepEqual(
      blobs.map((blob) => blob.name),
      [intact],
    );
    assert.equal(undecided.length, 1);
    assert.ok(placed(name).endsWith(undecided[0]?.where ?? '?'));
    assert.deepEqual(await fixture.leftovers(), []);
    await assertWhole(tier, intact);
  }

  async function assertNeverRemoved(name: BlobName): Promise<void> {
    await assert.rejects(fixture.tier.remove(name), isRefusal);
    assert.equal((await listAll(fixture.tier)).undecided.length, 1);
  }

  for (const length of [0, 1, 100, headerBytes - 1]) {
    it(`shows a file cut off within its header, after ${length} bytes, and keeps it`, async () => {
      const name = await store();
      await truncate(placed(name), length);
      await assertUndecided(name);
      await assertNeverRemoved(name);
    });
  }

  for (const length of [
    headerBytes,
    headerBytes + payloadBytes - 1,
    headerBytes + payloadBytes + 1,
  ]) {
    it(`shows a file of ${length} bytes, and removes it by the name in its header`, async () => {
      const name = await store();
      await truncate(placed(name), length);
      await assertUndecided(name);
      const removed = await fixture.tier.remove(name);
      assert.deepEqual(removed, { kind: 'removed', size: payloadBytes });
      assert.deepEqual((await listAll(fixture.tier)).undecided, []);
    });
  }

  for (const at of [0, 8, 13, 20, 30, 300, 1540, 4000]) {
    it(`shows a file whose header is damaged at byte ${at}, and keeps it`, async () => {
      const name = await store();
      await flipByte(placed(name), at);
      await assertUndecided(name);
      await assertNeverRemoved(name);
    });
  }

  it('serves a damaged payload beside the checksum of the right one', async () => {
    const name = await store();
    await flipByte(placed(name), headerBytes + 5000);
    await assert.rejects(assertWhole(fixture.tier, name), /AssertionError|strictly equal/);
  });

  it('fails a read whose file is cut off while it is open', async () => {
    const { name, metadata } = newSample();
    const bytes = sampleBytes(4 * 1024 * 1024);
    await fixture.tier.create(name, metadata, payloadOf(bytes));
    const read = await fixture.tier.read(name);
    assert.equal(read.kind, 'found');
    await truncate(placed(name), headerBytes + 100_000);
    const { payload } = read;
    const drain = async (): Promise<void> => {
      for await (const chunk of payload) assert.ok(chunk.length > 0);
    };
    await assert.rejects(drain(), isRefusal);
    assert.equal(await fixture.openReaders(), 0);
  });

  const strangers: Readonly<Record<string, (path: string) => Promise<unknown>>> = {
    'a text': (path) => writeFile(path, 'hello '.repeat(2000)),
    zeros: (path) => writeFile(path, Buffer.alloc(20_000)),
    'a directory': (path) => mkdir(path),
    'a link to a file elsewhere': (path) => symlink('/etc/hostname', path),
    'a link to a whole blob': (path) => symlink(placed(intact), path),
    'a link to nowhere': (path) => symlink('/nowhere', path),
    'a copy of another blob': (path) => copyFile(placed(intact), path),
    'a pipe': async (path) => execFileSync('mkfifo', [path]),
  };
  for (const [what, put] of Object.entries(strangers)) {
    it(`shows ${what} in the place of a blob, and keeps it`, async function () {
      if (what === 'a pipe') skipWithout(this, hasMkfifo, 'mkfifo');
      const { name } = newSample();
      await mkdir(dirname(placed(name)), { recursive: true });
      await put(placed(name));
      await assertUndecided(name);
      await assertNeverRemoved(name);
    });
  }

  it('looks at no more abandoned files than it was told to, and gets through all of them', async () => {
    const tmp = join(fixture.root, 'tmp');
    for (let count = 0; count < 5; count += 1) {
      await writeFile(join(tmp, `create-${randomUUID()}`), 'x'.repeat(10));
    }
    const query = { olderThanMs: -1, examinedMax: 2 };
    const reports = [await fixture.tier.removeAbandoned(query)];
    assert.deepEqual(reports[0], { examined: 2, removed: 2, removedBytes: 20 });
    while (reports.at(-1)?.removed !== 0) reports.push(await fixture.tier.removeAbandoned(query));
    assert.deepEqual(
      reports.map(({ removed }) => removed),
      [2, 2, 1, 0],
    );
  });

  it('ends the removal of abandoned files when it is told to, and says what it did', async () => {
    const tmp = join(fixture.root, 'tmp');
    for (let count = 0; count < 3; count += 1) {
      await writeFile(join(tmp, `create-${randomUUID()}`), 'x'.repeat(10));
    }
    const stopping = new AbortController();
    // Asked once for each of the files.
    const now = (): Timestamp => {
      stopping.abort();
      return systemClock.now();
    };
    const clock = { ...systemClock, now };
    const tier = await createFilesystemTier({ root: fixture.root }, { clock, checksum });
    const query = { olderThanMs: -1, examinedMax: 10 };
    const report = await tier.removeAbandoned({ ...query, signal: stopping.signal });
    assert.deepEqual(report, { examined: 1, removed: 1, removedBytes: 10 });
    assert.equal((await fixture.tier.removeAbandoned(query)).removed, 2);
  });

  it('leaves what it does not know in the temporary directory', async () => {
    const path = join(fixture.root, 'tmp', 'notes.txt');
    await writeFile(path, 'x');
    const report = await fixture.tier.removeAbandoned({ olderThanMs: -1, examinedMax: 10 });
    assert.deepEqual(report, { examined: 1, removed: 0, removedBytes: 0 });
    assert.equal(await readFile(path, 'utf8'), 'x');
  });
});
