import { hasCode } from '@holdfast/domain';
import { systemClock as clock } from '@holdfast/service-kit';
import { createGcsAdmin, isExpiryRule, withExpiryRule, type GcsAdmin } from '@holdfast/tier-gcs';
import assert from 'node:assert/strict';
import { startGcsServer } from '../support/gcs/gcs-server.js';
import type { GcsServer } from '../support/gcs/gcs-types.js';

const bucket = 'blobs';
const weekSeconds = 7 * 24 * 3600;

describe('the bucket of a tier', () => {
  let server: GcsServer;
  let admin: GcsAdmin;

  beforeEach(async () => {
    server = await startGcsServer();
    admin = openAdmin();
  });

  afterEach(async () => {
    admin.close();
    await server.close();
  });

  function openAdmin(): GcsAdmin {
    const options = { bucket, apiEndpoint: server.apiEndpoint, projectId: 'a-project' };
    return createGcsAdmin({ ...options, retryDelayMs: 1 }, { clock });
  }

  it('is missing until it is created', async () => {
    assert.equal(await admin.readBucket(), undefined);
    assert.equal(await admin.createBucket({ location: 'EU', softDeleteSeconds: 0 }), 'created');
    const state = await admin.readBucket();
    assert.equal(state?.name, bucket);
    assert.equal(state.location, 'EU');
    assert.equal(state.softDeleteSeconds, 0);
    assert.equal(state.keepsVersions, false);
    assert.equal(state.lifecycleRules.filter(isExpiryRule).length, 1);
    const created = server.requests().find(({ kind }) => kind === 'bucket.insert');
    assert.match(created?.path ?? '', /project=a-project/);
  });

  it('is not created while its project is not to be found, and that is no riddle', async () => {
    const never = new Promise<string>(() => undefined);
    for (const projectId of [() => never, () => Promise.reject(new Error('no metadata server'))]) {
      const credentials = { headers: async () => ({}), projectId };
      const options = { bucket, apiEndpoint: server.apiEndpoint, callMsMax: 50 };
      const lost = createGcsAdmin(options, { clock, credentials });
      await assert.rejects(lost.createBucket({ softDeleteSeconds: 0 }), (error) => {
        assert.ok(hasCode(error, 'TIER_UNAVAILABLE'));
        assert.match(error.message, /project is not known/);
        return true;
      });
      lost.close();
    }
  });

  it('is created by one of many at once, and exists for the others', async () => {
    const admins = Array.from({ length: 8 }, openAdmin);
    const results = await Promise.all(
      admins.map((each) => each.createBucket({ softDeleteSeconds: 0 })),
    );
    for (const each of admins) each.close();
    assert.equal(results.filter((result) => result === 'created').length, 1);
    assert.equal(results.filter((result) => result === 'exists').length, 7);
  });

  it('exists for whoever created it and lost the reply', async () => {
    server.fault({ kind: 'bucket.insert', loseReply: true });
    assert.equal(await admin.createBucket({ softDeleteSeconds: 0 }), 'exists');
  });

  it('gets the rule that it lacks, and keeps those that others gave it', async () => {
    const theirs = {
      action: { type: 'SetStorageClass', storageClass: 'COLDLINE' },
      condition: { age: 365 },
    };
    server.createBucket(bucket, { lifecycle: { rule: [theirs] } });
    const seen = await admin.readBucket();
    assert.ok(seen !== undefined);
    assert.equal(seen.softDeleteSeconds, weekSeconds, 'as the service makes it');
    const lifecycleRules = withExpiryRule(seen.lifecycleRules);
    const changed = await admin.changeBucket(seen, { lifecycleRules, softDeleteSeconds: 0 });
    assert.equal(changed, 'changed');
    const now = await admin.readBucket();
    assert.equal(now?.softDeleteSeconds, 0);
    assert.deepEqual(now.lifecycleRules[0], theirs);
    assert.ok(isExpiryRule(now.lifecycleRules[1] ?? {}));
    assert.deepEqual(withExpiryRule(now.lifecycleRules), now.lifecycleRules);
  });

  it('is changed only as it was seen', async () => {
    server.createBucket(bucket);
    const seen = await admin.readBucket();
    assert.ok(seen !== undefined);
    const changes = Array.from({ length: 4 }, () =>
      admin.changeBucket(seen, { softDeleteSeconds: 0 }),
    );
    const results = await Promise.all(changes);
    assert.equal(results.filter((result) => result === 'changed').length, 1);
    assert.equal(results.filter((result) => result === 'changed-meanwhile').length, 3);
  });

  it('that one may not look at, create or change is unavailable, and says why', async () => {
    server.createBucket(bucket);
    const seen = await admin.readBucket();
    assert.ok(seen !== undefined);
    server.fault({ status: 403, times: 3 });
    for (const work of [
      () => admin.readBucket(),
      () => admin.createBucket({ softDeleteSeconds: 0 }),
      () => admin.changeBucket(seen, { softDeleteSeconds: 0 }),
    ]) {
      await assert.rejects(work(), (error) => {
        assert.ok(hasCode(error, 'TIER_UNAVAILABLE'));
        assert.match(error.message, /not allowed/);
        return true;
      });
    }
  });
});
