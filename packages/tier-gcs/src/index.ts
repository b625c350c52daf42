export { createGcsTier } from './gcs-tier.js';
export type { GcsTier } from './gcs-tier.js';
export { gcsDefaults } from './options.js';
export type { GcsDependencies, GcsLimits, GcsOptions } from './options.js';
export type { Credentials } from './credentials.js';
export { createGcsAdmin, withExpiryRule } from './gcs-admin.js';
export type { BucketChange, GcsAdmin, NewBucket } from './gcs-admin.js';
export { expiryRule, isExpiryRule } from './bucket-resource.js';
export type { BucketState, LifecycleRule } from './bucket-resource.js';
