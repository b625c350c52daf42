import { maintenance, type Duration } from '@holdfast/contracts';
import type { Timestamp } from '@holdfast/domain';
import assert from 'node:assert/strict';
import { createDescribeStorage } from '../../../services/tiered-store/src/maintenance/describe-storage.js';
import { createExpireObjects } from '../../../services/tiered-store/src/maintenance/expire-objects.js';
import { createVerifyObjects } from '../../../services/tiered-store/src/maintenance/verify-objects.js';
import { failAll, failNext } from '../../support/engine/hold.js';
import { large, largeBytes, small, thresholdBytes } from '../../support/engine/payloads.js';
import { arrange, unavailable } from '../../support/engine/situations.js';
import { expiringAfter, idOf, useStore } from '../../support/engine/store-under-test.js';
import { assertRefused, callContext, dependenciesOf } from '../../support/maintenance.js';
import { openMemoryTiers } from '../../support/memory-tiers.js';

const ttlMs = 60_000;
const usecase = 'engine';
const wrongTimes: readonly Duration[] = [
  { seconds: 0n, nanos: 0 },
  { seconds: -1n, nanos: 0 },
  { seconds: 1n, nanos: -1 },
  { seconds: 20n, nanos: 1 },
  { seconds: 2n ** 60n, nanos: 0 },
];

describe('ExpireObjects', () => {
  const store = useStore(openMemoryTiers);
  const first = { dryRun: false, timeLimit: undefined, pageSize: 0, pageToken: '' };

  function expire(more: Partial<maintenance.ExpireObjectsRequest>) {
    const request = { ...first, ...more };
    return createExpireObjects(dependenciesOf(store()))(request, callContext());
  }

  it('counts by usecase what it removed, and as a dry run what it would remove', async () => {
    await store().store(idOf('a'), large(), expiringAfter(ttlMs));
    await store().store(idOf('b'), small(), expiringAfter(ttlMs));
    await store().store(idOf('c'), small());
    await store().atRest();
    store().clock.advance(ttlMs);
    const freedBytes = BigInt(largeBytes + small().length);
    const step = {
      counts: [{ usecase, examined: 3n, removed: 2n, freedBytes }],
      undecided: [],
      nextPageToken: '',
    };
    assert.deepEqual(await expire({ dryRun: true }), step);
    assert.deepEqual(await expire({}), step);
    assert.deepEqual((await expire({})).counts, [
      { usecase, examined: 1n, removed: 0n, freedBytes: 0n },
    ]);
  });

  it('shows what could not be removed or not be read, and why', async () => {
    await store().store(idOf('a'), small(), expiringAfter(ttlMs));
    await store().store(idOf('b'), small(), expiringAfter(ttlMs));
    store().tiers.highVolume.damage(idOf('b'));
    store().clock.advance(ttlMs);
    failNext(store().highVolume, 'begin', unavailable());
    const { undecided } = await expire({});
    assert.deepEqual(
      undecided.map(({ where }) => where),
      [idOf('a').path, idOf('b').path],
    );
    assert.match(undecided[0]?.why ?? '', /the test says so/);
    assert.match(undecided[1]?.why ?? '', /damaged/);
  });

  it('goes on with its token, and says when there is nothing left', async () => {
    for (const key of ['a', 'b', 'c'])
      await store().store(idOf(key), small(), expiringAfter(ttlMs));
    store().clock.advance(ttlMs);
    const one = await expire({ pageSize: 2 });
    const two = await expire({ pageSize: 2, pageToken: one.nextPageToken });
    assert.deepEqual(
      [one, two].map(({ counts }) => counts[0]?.removed),
      [2n, 1n],
    );
    assert.deepEqual([one.nextPageToken === '', two.nextPageToken], [false, '']);
  });

  it('ends when its time is over', async () => {
    for (const key of ['a', 'b', 'c'])
      await store().store(idOf(key), small(), expiringAfter(ttlMs));
    store().clock.advance(ttlMs);
    store().highVolume.hook('begin', { before: () => store().clock.advance(1) });
    const { counts, nextPageToken } = await expire({ timeLimit: { seconds: 0n, nanos: 1 } });
    assert.equal(counts[0]?.removed, 1n);
    assert.notEqual(nextPageToken, '');
  });

  it('refuses a wrong page, token or time', async () => {
    const page = (error: Promise<unknown>, field: RegExp) =>
      assert.rejects(error, { code: 'INVALID_PAGE', message: field });
    await page(expire({ pageSize: 1_001 }), /^page_size/);
    for (const pageToken of ['x', 'expire-1:', 'expire-1:x', 'changes-1:x']) {
      await page(expire({ pageToken }), /^page_token/);
    }
    for (const timeLimit of wrongTimes) {
      await assertRefused(expire({ timeLimit }), 'INVALID_LIMIT', 'time_limit');
    }
  });
});

describe('VerifyObjects', () => {
  const store = useStore(openMemoryTiers);

  function verify(more: Partial<maintenance.VerifyObjectsRequest>) {
    const first = { bytesLimit: undefined, timeLimit: undefined, pageSize: 0, pageToken: '' };
    return createVerifyObjects(dependenciesOf(store()))({ ...first, ...more }, callContext());
  }

  it('tells what it compared and what is damaged', async () => {
    const blob = (await arrange(store(), idOf('a'), 'large', 1)) ?? assert.fail();
    await arrange(store(), idOf('b'), 'small', 1);
    await store().atRest();
    const { usecase: used, scopes, key } = idOf('a');
    store().tiers.longTerm.damage(blob);
    const step = await verify({});
    const [damage] = step.damage;
    assert.match(damage?.description ?? '', /^the CRC32C was [0-9a-f]{8}, it is [0-9a-f]{8}$/);
    assert.deepEqual(step, {
      verified: 2n,
      verifiedBytes: BigInt(largeBytes + small().length),
      damage: [
        {
          objectId: { usecase: used, scopes, key },
          revision: blob.slice(-36),
          blob,
          kind: maintenance.DamageKind.WRONG_CHECKSUM,
          description: damage?.description,
        },
      ],
      undecided: [],
      counts: [{ usecase, examined: 2n, removed: 0n, freedBytes: 0n }],
      nextPageToken: '',
    });
  });

  it('goes on with its token', async () => {
    for (const key of ['a', 'b', 'c']) await arrange(store(), idOf(key), 'large', 1);
    const one = await verify({ pageSize: 2 });
    const two = await verify({ pageSize: 2, pageToken: one.nextPageToken });
    assert.deepEqual([one.verified, two.verified, two.nextPageToken], [2n, 1n, '']);
  });

  it('refuses wrong limits, naming them', async () => {
    for (const bytesLimit of [0n, 2n ** 20n - 1n, 2n ** 30n + 1n, 2n ** 63n]) {
      await assertRefused(verify({ bytesLimit }), 'INVALID_LIMIT', 'bytes_limit');
    }
    for (const timeLimit of wrongTimes) {
      await assertRefused(verify({ timeLimit }), 'INVALID_LIMIT', 'time_limit');
    }
    await assert.rejects(verify({ pageSize: 1_001 }), { code: 'INVALID_PAGE' });
    await assert.rejects(verify({ pageToken: 'x' }), { code: 'INVALID_PAGE' });
    for (const bytesLimit of [2n ** 20n, 2n ** 30n]) {
      assert.equal((await verify({ bytesLimit })).verified, 0n);
    }
  });
});

describe('DescribeStorage', () => {
  const store = useStore(openMemoryTiers);

  it('describes tiers, clocks, changes and, if asked, what is stored', async () => {
    await arrange(store(), idOf('a'), 'large', 1);
    const began = store().clock.now();
    await arrange(store(), idOf('a'), 'large', 2);
    await store().atRest();
    store().clock.advance(1_000);
    const time = new Date(store().clock.now());
    const dependencies = dependenciesOf(store());
    const base = {
      highVolumeTier: 'memory',
      longTermTier: 'memory',
      inlineThresholdBytes: BigInt(thresholdBytes),
      time,
      pendingChanges: 1n,
      oldestChangeTime: new Date(began),
    };
    const describeStorage = createDescribeStorage(dependencies);
    const nothingMore = { includeUsage: false, includeUnreferenced: false, onlyTime: false };
    assert.deepEqual(await describeStorage(nothingMore, callContext()), {
      ...base,
      longTermTime: undefined,
      usage: [],
      uncountedBlobs: undefined,
    });
    const tiers = { ...dependencies.tiers, longTermTime: async () => 7 as Timestamp };
    const withClock = createDescribeStorage({ ...dependencies, tiers });
    const usageToo = { includeUsage: true, includeUnreferenced: false, onlyTime: false };
    assert.deepEqual(await withClock(usageToo, callContext()), {
      ...base,
      longTermTime: new Date(7),
      usage: [
        {
          usecase,
          objects: 1n,
          inlineBytes: 0n,
          blobBytes: BigInt(largeBytes),
          unreferencedBytes: BigInt(largeBytes),
        },
      ],
      uncountedBlobs: 0n,
    });
  });

  it('tells what waits to be freed without looking at what is stored', async () => {
    await arrange(store(), idOf('a'), 'large', 1);
    await arrange(store(), idOf('a'), 'large', 2);
    await store().atRest();
    const unhook = failAll(store().highVolume, 'listRows', unavailable());
    const describeStorage = createDescribeStorage(dependenciesOf(store()));
    const asked = { includeUsage: false, includeUnreferenced: true, onlyTime: false };
    const { usage, pendingChanges } = await describeStorage(asked, callContext());
    unhook();
    const unreferencedBytes = BigInt(largeBytes);
    assert.deepEqual(usage, [
      { usecase, objects: 0n, inlineBytes: 0n, blobBytes: 0n, unreferencedBytes },
    ]);
    assert.equal(pendingChanges, 1n);
  });

  it('tells the time alone without looking at what is stored or waits', async () => {
    await arrange(store(), idOf('a'), 'large', 1);
    await store().atRest();
    const unhook = [
      failAll(store().highVolume, 'listRows', unavailable()),
      failAll(store().changeLog, 'list', unavailable()),
    ];
    const dependencies = dependenciesOf(store());
    const tiers = { ...dependencies.tiers, longTermTime: async () => 7 as Timestamp };
    const describeStorage = createDescribeStorage({ ...dependencies, tiers });
    const asked = { includeUsage: true, includeUnreferenced: true, onlyTime: true };
    const { time, longTermTime, ...others } = await describeStorage(asked, callContext());
    for (const end of unhook) end();
    assert.deepEqual([time, longTermTime], [new Date(store().clock.now()), new Date(7)]);
    const { pendingChanges, usage, oldestChangeTime } = others;
    assert.deepEqual([pendingChanges, usage, oldestChangeTime], [0n, [], undefined]);
  });
});
