import { expiryRule, withExpiryRule, type BucketState } from '@holdfast/tier-gcs';
import assert from 'node:assert/strict';
import { bucketResource } from '../../../packages/storage/src/bootstrap/bucket.js';
import { mendResource } from '../../../packages/storage/src/bootstrap/mend-resource.js';

const sound: BucketState = {
  name: 'photos',
  location: 'EU',
  storageClass: 'STANDARD',
  metageneration: '1',
  lifecycleRules: [expiryRule],
  softDeleteSeconds: 0,
  keepsVersions: false,
};

/** A bucket that others change just before each of our first `changes` changes. */
function contested(before: BucketState | undefined, changes: number) {
  let bucket = before;
  let attempts = 0;
  const admin = {
    readBucket: async () => bucket,
    async createBucket() {
      bucket = { ...sound, lifecycleRules: [] };
      return 'exists' as const;
    },
    async changeBucket() {
      attempts += 1;
      if (attempts <= changes) return 'changed-meanwhile' as const;
      bucket = sound;
      return 'changed' as const;
    },
  };
  const options = { bucket: 'photos', softDeleteSeconds: 0 };
  return { resource: bucketResource(options, { admin, withExpiryRule }), attempts: () => attempts };
}

const drift = ['the lifecycle rule for expired blobs is missing'];

describe('The bucket as a resource', () => {
  it('is changed as it is by then, where others change it at the same time', async () => {
    const { resource, attempts } = contested({ ...sound, lifecycleRules: [] }, 3);
    assert.deepEqual(await mendResource(resource), { kind: 'mended', drift });
    assert.equal(attempts(), 4);
  });

  it('is left to people where others change it again and again', async () => {
    const { resource, attempts } = contested({ ...sound, lifecycleRules: [] }, Infinity);
    assert.deepEqual(await mendResource(resource), {
      kind: 'drifted',
      drift,
      mended: [],
      why: 'others changed it 10 times meanwhile',
    });
    assert.equal(attempts(), 10);
  });

  it('that somebody else has just made otherwise is changed at once', async () => {
    const { resource } = contested(undefined, 0);
    assert.deepEqual(await mendResource(resource), { kind: 'made' });
  });
});
