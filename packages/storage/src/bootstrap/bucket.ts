import { systemClock as clock } from '@holdfast/service-kit';
import type { BucketState, GcsAdmin, LifecycleRule } from '@holdfast/tier-gcs';
import { gcsOptions } from '../open/tier-options.js';
import type { GcsSettings } from '../settings/long-term-settings.js';
import { mayDeleteWhatIsInUse } from './lifecycle-danger.js';
import type { OpenedResources } from './opened-resources.js';
import type { Resource } from './resource.js';

export interface BucketOptions {
  readonly bucket: string;
  /** Missing: any will do. */
  readonly location?: string | undefined;
  readonly softDeleteSeconds: number;
}

export interface BucketDependencies {
  readonly admin: Pick<GcsAdmin, 'readBucket' | 'createBucket' | 'changeBucket'>;
  /** The rules with the one that tidies expired blobs away. */
  readonly withExpiryRule: (rules: readonly LifecycleRule[]) => readonly LifecycleRule[];
}

/** The bucket, what becomes of expired blobs in it, and for how long it keeps what was deleted. */
export async function openBucketResource(settings: GcsSettings): Promise<OpenedResources> {
  const { createGcsAdmin, withExpiryRule } = await import('@holdfast/tier-gcs');
  const { bucket, location, softDeleteRetentionMs } = settings;
  const admin = createGcsAdmin(gcsOptions(settings), { clock });
  const options = { bucket, location, softDeleteSeconds: Math.ceil(softDeleteRetentionMs / 1_000) };
  return {
    resources: [bucketResource(options, { admin, withExpiryRule })],
    close: async () => admin.close(),
  };
}

/** Others may change the bucket between our look and our change; then it is looked at again. */
const changesMax = 10;

export function bucketResource(
  options: BucketOptions,
  { admin, withExpiryRule }: BucketDependencies,
): Resource {
  const { softDeleteSeconds } = options;

  /** Whether the bucket is as far as it can be changed, and was not changed by others meanwhile. */
  async function change(): Promise<boolean> {
    const seen = await admin.readBucket();
    if (seen === undefined) return (await admin.createBucket(options)) === 'created';
    const lifecycleRules = withExpiryRule(seen.lifecycleRules);
    const isSound =
      lifecycleRules.length === seen.lifecycleRules.length &&
      seen.softDeleteSeconds === softDeleteSeconds;
    if (isSound) return true;
    return (await admin.changeBucket(seen, { lifecycleRules, softDeleteSeconds })) === 'changed';
  }

  return {
    name: `bucket ${options.bucket}`,
    async look() {
      const seen = await admin.readBucket();
      if (seen === undefined) return { kind: 'missing' };
      const hasRule = withExpiryRule(seen.lifecycleRules).length === seen.lifecycleRules.length;
      return {
        kind: 'found',
        drift: [...changeable(seen, hasRule, options), ...fixed(seen, options)],
      };
    },
    async mend() {
      for (let changes = 0; changes < changesMax; changes += 1) if (await change()) return;
      throw new Error(`others changed it ${changesMax} times meanwhile`);
    },
  };
}

function changeable(
  { softDeleteSeconds: found }: BucketState,
  hasRule: boolean,
  { softDeleteSeconds: wanted }: BucketOptions,
): readonly string[] {
  return [
    ...(hasRule ? [] : ['the lifecycle rule for expired blobs is missing']),
    ...(found === wanted
      ? []
      : [`what is deleted is kept for ${days(found)} instead of ${days(wanted)}`]),
  ];
}

/** What is for people to decide about, or was decided when the bucket was made. */
function fixed(
  { location, keepsVersions, lifecycleRules }: BucketState,
  { location: wanted }: BucketOptions,
): readonly string[] {
  const isElsewhere = wanted !== undefined && wanted.toUpperCase() !== location.toUpperCase();
  const dangers = lifecycleRules.filter(mayDeleteWhatIsInUse);
  return [
    ...(isElsewhere ? [`it is in ${location} instead of ${wanted}, and stays there`] : []),
    ...(keepsVersions ? ['versioning is on: it keeps, and bills, all that is deleted'] : []),
    ...dangers.map((rule) => `a lifecycle rule may delete what is in use: ${JSON.stringify(rule)}`),
  ];
}

const secondsPerDay = 86_400;

function days(seconds: number): string {
  return `${seconds / secondsPerDay} d`;
}
