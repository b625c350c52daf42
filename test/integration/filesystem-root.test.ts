import { hasCode } from '@holdfast/domain';
import { nativeChecksum as checksum, systemClock as clock } from '@holdfast/service-kit';
import { createFilesystemTier, type FilesystemTier } from '@holdfast/tier-filesystem';
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { platform, tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createBlobSamples,
  payloadOf,
  sampleBytes,
} from '../../packages/testkit/src/contracts/blob-samples.js';
import { assertWhole } from '../support/stored-blobs.js';

describe('the directory of a file system tier', () => {
  const newSample = createBlobSamples();
  let above: string;
  let root: string;

  beforeEach(async () => {
    above = await mkdtemp(join(tmpdir(), 'holdfast-root-'));
    root = join(above, 'some', 'store');
  });

  afterEach(() => rm(above, { recursive: true }));

  const open = (): Promise<FilesystemTier> => createFilesystemTier({ root }, { clock, checksum });

  it('is made with everything on the way to it, and says its format', async () => {
    await open();
    assert.deepEqual((await readdir(root)).toSorted(), [
      'blobs',
      'expiry',
      'holdfast-format',
      'tmp',
    ]);
    assert.equal(
      await readFile(join(root, 'holdfast-format'), 'utf8'),
      'holdfast blobs, format 1\n',
    );
    assert.deepEqual(await readdir(join(root, 'tmp')), []);
  });

  it('still has its blobs when it is opened again', async () => {
    const { name, metadata } = newSample();
    await (await open()).create(name, metadata, payloadOf(sampleBytes(1000)));
    await assertWhole(await open(), name);
  });

  it('may be opened for the first time by many at once', async () => {
    const tiers = await Promise.all(Array.from({ length: 10 }, open));
    const { name, metadata } = newSample();
    await tiers[0]?.create(name, metadata, payloadOf(sampleBytes(1000)));
    for (const tier of tiers) await assertWhole(tier, name);
    assert.deepEqual(await readdir(join(root, 'tmp')), []);
  });

  it('is readable by nobody else, nor is anything in it', async () => {
    const { name, metadata } = newSample();
    await (await open()).create(name, metadata, payloadOf(sampleBytes(1000)));
    const paths = await readdir(root, { recursive: true });
    assert.ok(paths.length >= 5);
    for (const path of ['.', ...paths]) {
      const { mode } = await stat(join(root, path));
      assert.equal(mode & 0o077, 0, path);
    }
  });

  it('of another format is refused, and left as it is', async () => {
    await open();
    const later = 'holdfast blobs, format 2\n';
    await writeFile(join(root, 'holdfast-format'), later);
    await assert.rejects(open(), (error) => {
      assert.match(String(error), /holdfast-format.*format 2.*format 1/);
      return hasCode(error, 'UNREADABLE');
    });
    assert.equal(await readFile(join(root, 'holdfast-format'), 'utf8'), later);
  });

  it('is refused when it holds the files of something else', async () => {
    await mkdir(root, { recursive: true });
    await writeFile(join(root, 'thesis.doc'), 'x');
    await assert.rejects(open(), (error) => {
      assert.match(String(error), /thesis\.doc/);
      return hasCode(error, 'UNREADABLE');
    });
    assert.deepEqual(await readdir(root), ['thesis.doc']);
  });

  it('is taken over when its first opening was interrupted', async () => {
    await mkdir(join(root, 'tmp'), { recursive: true });
    await open();
    assert.ok((await readdir(root)).includes('holdfast-format'));
  });

  it('is refused with its name and the reason when it cannot be written to', async () => {
    await writeFile(join(above, 'some'), 'a file in the way');
    await assert.rejects(open(), (error) => {
      assert.ok(String(error).includes(root));
      assert.match(String(error), /ENOTDIR|EEXIST/);
      return hasCode(error, 'TIER_UNAVAILABLE');
    });
  });

  it('is refused where a file system takes no directories', async function () {
    if (platform() !== 'linux') this.skip();
    root = '/proc/holdfast/store';
    await assert.rejects(open(), (error) => hasCode(error, 'TIER_UNAVAILABLE'));
  });

  it('may lose the directory of a blob: the create fails, and the next one makes it again', async () => {
    const tier = await open();
    const { name, metadata } = newSample();
    await tier.create(name, metadata, payloadOf(sampleBytes(10)));
    for (const directory of await readdir(join(root, 'blobs'))) {
      await rm(join(root, 'blobs', directory), { recursive: true });
    }
    const again = (): Promise<unknown> => tier.create(name, metadata, payloadOf(sampleBytes(10)));
    await assert.rejects(again(), (error) => hasCode(error, 'TIER_UNAVAILABLE'));
    await again();
    await assertWhole(tier, name);
  });
});
