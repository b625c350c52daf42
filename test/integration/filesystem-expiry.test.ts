import { hasCode, later, type Timestamp } from '@holdfast/domain';
import { nativeChecksum as checksum, systemClock as clock } from '@holdfast/service-kit';
import { createFilesystemTier } from '@holdfast/tier-filesystem';
import assert from 'node:assert/strict';
import { readdir, rm } from 'node:fs/promises';
import { createBlobSamples, payloadOf } from '../../packages/testkit/src/contracts/blob-samples.js';
import { layoutOf, placeOf } from '../../packages/tier-filesystem/src/layout.js';
import { openFilesystemFixture, type FilesystemFixture } from '../support/filesystem-fixture.js';

const start = 1_800_000_000_000 as Timestamp;
const extenders = 8;

describe('the expiry of a blob that several processes extend', () => {
  const newSample = createBlobSamples();
  let fixture: FilesystemFixture;

  beforeEach(async () => {
    fixture = await openFilesystemFixture();
  });

  afterEach(() => fixture.close());

  it('is never before what any of them was answered', async () => {
    const { root } = fixture;
    const { name, metadata } = newSample({ timeExpires: start });
    await fixture.tier.create(name, metadata, payloadOf(Buffer.of(1)));
    let next = 0;

    async function keepExtending(): Promise<void> {
      const tier = await createFilesystemTier({ root }, { clock, checksum });
      for (let round = 0; round < 50; round += 1) {
        next += 1;
        const asked = later(start, next);
        await tier.extend(name, asked);
        const head = await tier.head(name);
        assert.ok(head.kind === 'found' && head.metadata.timeExpires !== undefined);
        assert.ok(head.metadata.timeExpires >= asked, 'what was answered is in force');
      }
    }

    await Promise.all(Array.from({ length: extenders }, keepExtending));
    const head = await fixture.tier.head(name);
    assert.ok(head.kind === 'found');
    assert.equal(head.metadata.timeExpires, later(start, next));
    await fixture.tier.extend(name, later(start, next + 1));
    const { expiry } = placeOf(layoutOf(root), name);
    assert.ok((await readdir(expiry.path)).length <= 2, 'earlier times are removed');
  });

  it('leaves nothing behind when the blob is removed meanwhile', async () => {
    const { root, tier } = fixture;
    for (let round = 0; round < 20; round += 1) {
      const { name, metadata } = newSample({ timeExpires: start });
      await tier.create(name, metadata, payloadOf(Buffer.of(1)));
      const extending = Array.from({ length: extenders }, (_, at) =>
        tier.extend(name, later(start, 1 + at)),
      );
      assert.deepEqual(await tier.remove(name), { kind: 'removed', size: 1 });
      await Promise.all(extending);
      const { expiry } = placeOf(layoutOf(root), name);
      await assert.rejects(readdir(expiry.path), /ENOENT/);
    }
  });

  it('fails rather than to be said to have moved when it cannot be stored', async () => {
    const { root, tier } = fixture;
    const { name, metadata } = newSample({ timeExpires: start });
    await tier.create(name, metadata, payloadOf(Buffer.of(1)));
    await rm(layoutOf(root).expiry, { recursive: true });
    const extending = tier.extend(name, later(start, 1));
    await assert.rejects(extending, (error) => hasCode(error, 'TIER_UNAVAILABLE'));
  });
});
