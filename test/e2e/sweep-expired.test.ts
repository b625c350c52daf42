import assert from 'node:assert/strict';
import { waitForNothing } from '../support/cleanup-rest.js';
import { usecase } from '../support/cleanup-writes.js';
import { waitUntil } from '../support/cluster-wait.js';
import { failed } from '../support/loader-client.js';
import type { MetadataMessage } from '../support/loader-messages.js';
import { chunksOf, finishOf, randomPayload } from '../support/loader-payloads.js';
import { requireRedis } from '../support/redis.js';
import { startSweepBed, type SweepBed } from '../support/sweep-bed.js';
import { keptEntries } from '../support/sweep-counts.js';

const sizes = { small: 100, large: 5_000 };
const policies: Readonly<Record<string, MetadataMessage>> = {
  expired: { expiration: { ttl: { seconds: 1 } } },
  idle: { expiration: { tti: { seconds: 1 } } },
  fresh: { expiration: { ttl: { seconds: 3_600 } } },
  busy: { expiration: { tti: { seconds: 3_600 } } },
  kept: {},
};

describe('a sweep for expired objects', function () {
  this.timeout(120_000);
  let bed: SweepBed;

  before(async function () {
    requireRedis(this);
    bed = await startSweepBed();
  });

  after(() => bed?.close());

  it('removes expired ones and no others, as its dry run says', async () => {
    const written = new Map<string, Buffer>();
    for (const [policy, metadata] of Object.entries(policies)) {
      for (const [name, size] of Object.entries(sizes)) {
        const payload = randomPayload(size);
        const objectId = { usecase, key: `${policy}-${name}` };
        await bed.callers.put({ objectId, metadata }, chunksOf(payload), finishOf(payload));
        if (policy !== 'expired' && policy !== 'idle') written.set(objectId.key, payload);
      }
    }
    for (const key of ['expired-large', 'idle-large']) {
      await waitUntil(
        `${key} has expired`,
        () => failed(bed.callers.unary(['object', 'HeadObject'], { objectId: { usecase, key } })),
        ({ reason }) => reason === 'OBJECT_NOT_FOUND',
      );
    }

    const dry = await bed.sweeps.run('ExpireObjects', { dryRun: true });
    assert.equal((await bed.payloads()).length, Object.keys(policies).length);
    const report = await bed.sweeps.run('ExpireObjects');
    const { counts, usecases } = report;
    assert.deepEqual(
      [counts?.scanned, counts?.removed, keptEntries(report, 'LIVE')],
      [10, 4, written.size],
    );
    assert.equal(counts?.freedBytes, 2 * (sizes.small + sizes.large));
    assert.deepEqual([dry.counts, dry.usecases], [counts, usecases]);
    await waitForNothing(bed);
    assert.equal((await bed.payloads()).length, 3);
    for (const [key, payload] of written) {
      const read = await bed.callers.get({ objectId: { usecase, key } });
      assert.ok(read.payload.equals(payload), key);
    }
    const again = await bed.sweeps.run('ExpireObjects');
    assert.deepEqual([again.counts?.scanned, again.counts?.removed], [written.size, undefined]);
  });
});
