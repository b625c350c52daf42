import type { Clock } from '@holdfast/domain';
import { apiPaths } from './api-paths.js';
import {
  bucketFields,
  expiryRule,
  isExpiryRule,
  parseBucket,
  type BucketState,
  type LifecycleRule,
} from './bucket-resource.js';
import { refusal, unavailable } from './errors.js';
import type { Answer } from './json-api.js';
import { openApi } from './open-api.js';
import type { GcsDependencies, GcsOptions } from './options.js';

/** How a bucket is made. */
export interface NewBucket {
  /** Where, as `EU` or `europe-west1`; the service's own default if not given. */
  readonly location?: string | undefined;
  readonly softDeleteSeconds: number;
}

/** What is changed of a bucket; what is left out stays as it is. */
export interface BucketChange {
  readonly lifecycleRules?: readonly LifecycleRule[] | undefined;
  readonly softDeleteSeconds?: number | undefined;
}

/**
 * The bucket that a tier needs. Any number of processes may use it at once: a bucket is created once,
 * and changed only as it was seen. Fails with `TIER_UNAVAILABLE`, which tells what is not allowed.
 */
export interface GcsAdmin {
  /** `undefined` if there is none. */
  readBucket(): Promise<BucketState | undefined>;
  /** With the rule that tidies expired blobs away, and without any access from outside. */
  createBucket(bucket: NewBucket): Promise<'created' | 'exists'>;
  /** Changes nothing if somebody else has changed the bucket since `seen`. */
  changeBucket(seen: BucketState, change: BucketChange): Promise<'changed' | 'changed-meanwhile'>;
  close(): void;
}

/** The rules that are there, and the one for expired blobs if it is missing. */
export function withExpiryRule(rules: readonly LifecycleRule[]): readonly LifecycleRule[] {
  return rules.some(isExpiryRule) ? rules : [...rules, expiryRule];
}

export function createGcsAdmin(
  options: GcsOptions,
  dependencies: Omit<GcsDependencies, 'checksum'>,
): GcsAdmin {
  const { clock } = dependencies;
  const { api, credentials, limits } = openApi(options, dependencies);
  const paths = apiPaths(options.bucket);

  function send(method: 'POST' | 'PATCH', path: string, body: unknown): Promise<Answer> {
    const headers = { 'content-type': 'application/json; charset=UTF-8' };
    return api.call({ method, path, headers, body: [Buffer.from(JSON.stringify(body))] });
  }

  async function projectId(): Promise<string> {
    try {
      return await within(limits.callMsMax, clock, credentials.projectId());
    } catch (error) {
      throw unavailable(
        'the project is not known; name it, or let the credentials have one',
        error,
      );
    }
  }

  return {
    async readBucket() {
      const answer = await api.call({
        method: 'GET',
        path: paths.bucket({ fields: bucketFields }),
      });
      if (answer.status === 200) return parseBucket(answer.body);
      if (answer.status === 404) return undefined;
      throw refusal('looking at the bucket', answer);
    },

    async createBucket({ location, softDeleteSeconds }) {
      const path = paths.buckets({ project: await projectId(), fields: 'name' });
      const answer = await send('POST', path, {
        name: options.bucket,
        ...(location === undefined ? undefined : { location }),
        ...settingsOf({ lifecycleRules: [expiryRule], softDeleteSeconds }),
        iamConfiguration: {
          uniformBucketLevelAccess: { enabled: true },
          publicAccessPrevention: 'enforced',
        },
      });
      if (answer.status === 200) return 'created';
      // Somebody else's, or ours whose answer was lost.
      if (answer.status === 409) return 'exists';
      throw refusal('creating the bucket', answer);
    },

    async changeBucket({ metageneration }, change) {
      const path = paths.bucket({ ifMetagenerationMatch: metageneration, fields: 'name' });
      const answer = await send('PATCH', path, settingsOf(change));
      if (answer.status === 200) return 'changed';
      if (answer.status === 412) return 'changed-meanwhile';
      throw refusal('changing the bucket', answer);
    },

    close: () => api.close(),
  };
}

function settingsOf({ lifecycleRules, softDeleteSeconds }: BucketChange): Record<string, unknown> {
  return {
    ...(lifecycleRules === undefined ? undefined : { lifecycle: { rule: lifecycleRules } }),
    ...(softDeleteSeconds === undefined
      ? undefined
      : { softDeletePolicy: { retentionDurationSeconds: String(softDeleteSeconds) } }),
  };
}

async function within<Value>(ms: number, clock: Clock, waiting: Promise<Value>): Promise<Value> {
  const over = new AbortController();
  const late = clock.sleep(ms, over.signal).then((): never => {
    throw unavailable(`nothing came within ${ms} ms`);
  });
  return Promise.race([waiting, late]).finally(() => over.abort());
}
