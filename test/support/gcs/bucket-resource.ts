import { invalid } from './api-error.js';
import type { KnownFields } from './fields-mask.js';
import { asCount, asRecord, asString, present, type JsonRecord } from './json-body.js';
import { checkLifecycle } from './bucket-lifecycle.js';

export interface BucketRecord {
  readonly name: string;
  readonly metageneration: number;
  readonly timeCreated: number;
  readonly updated: number;
  /** What a user sets, checked, as it is answered. */
  readonly settings: JsonRecord;
}

/** Set when it is created and never again. */
const fixed = ['name', 'location', 'locationType', 'projectNumber'];

const setByService = [
  'kind',
  'id',
  'selfLink',
  'metageneration',
  'etag',
  'timeCreated',
  'updated',
  'projectNumber',
  'locationType',
  'generation',
];

/** Each answers what is stored of a value. */
const settable: Readonly<Record<string, (value: unknown) => unknown>> = {
  lifecycle: checkLifecycle,
  softDeletePolicy: checkSoftDelete,
  versioning: (value) => checkFlags(value, 'versioning', ['enabled']),
  labels: (value) => asRecord(value, 'labels'),
  iamConfiguration: (value) => asRecord(value, 'iamConfiguration'),
  storageClass: (value) => asString(value, 'storageClass'),
};

export const bucketFieldNames: KnownFields = Object.fromEntries(
  [...setByService, ...fixed, ...Object.keys(settable)].map((name) => [name, 'any'] as const),
);

const softDeleteDefaultSeconds = 604_800;
const softDeleteSecondsMax = 7_776_000;

export function newBucketSettings(resource: JsonRecord): JsonRecord {
  const location = resource['location'];
  return {
    ...mergeSettings(
      {
        storageClass: 'STANDARD',
        softDeletePolicy: { retentionDurationSeconds: String(softDeleteDefaultSeconds) },
      },
      resource,
    ),
    location: location === undefined ? 'US' : asString(location, 'location').toUpperCase(),
  };
}

export function patchedBucketSettings(record: BucketRecord, resource: JsonRecord): JsonRecord {
  for (const name of ['name', 'location']) {
    const current = name === 'name' ? record.name : record.settings[name];
    const given = resource[name];
    if (given !== undefined && given !== current) {
      throw invalid(`The ${name} of a bucket cannot be changed.`);
    }
  }
  return mergeSettings(record.settings, resource);
}

/** Objects merge member by member, all else is replaced; `null` removes. */
function mergeSettings(current: JsonRecord, resource: JsonRecord): JsonRecord {
  const merged: Record<string, unknown> = { ...current };
  for (const [name, given] of Object.entries(resource)) {
    if (fixed.includes(name) || setByService.includes(name)) continue;
    const check = Object.hasOwn(settable, name) ? settable[name] : undefined;
    if (check === undefined) throw invalid(`Unknown name "${name}": Cannot find field.`);
    if (given === null) delete merged[name];
    else merged[name] = check(mergeMembers(merged[name], given));
  }
  return merged;
}

function mergeMembers(current: unknown, given: unknown): unknown {
  if (!isObject(current) || !isObject(given)) return given;
  const merged: Record<string, unknown> = { ...current };
  for (const [name, value] of Object.entries(given)) {
    if (value === null) delete merged[name];
    else merged[name] = mergeMembers(merged[name], value);
  }
  return merged;
}

function isObject(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function checkSoftDelete(value: unknown): unknown {
  const policy = asRecord(value, 'softDeletePolicy');
  const seconds = asCount(policy['retentionDurationSeconds'], 'retentionDurationSeconds');
  const isWithin = seconds >= softDeleteDefaultSeconds && seconds <= softDeleteSecondsMax;
  if (seconds !== 0 && !isWithin) {
    throw invalid('The retention duration must be 0 or between 7 and 90 days.');
  }
  return { retentionDurationSeconds: String(seconds) };
}

function checkFlags(value: unknown, name: string, members: readonly string[]): unknown {
  const flags = asRecord(value, name);
  for (const [member, flag] of Object.entries(flags)) {
    if (!members.includes(member) || typeof flag !== 'boolean') {
      throw invalid(`Invalid value for: ${name}.${member}`);
    }
  }
  return flags;
}

export function bucketResource(record: BucketRecord, apiEndpoint: string): Record<string, unknown> {
  const { name, metageneration, settings } = record;
  return present({
    kind: 'storage#bucket',
    id: name,
    selfLink: `${apiEndpoint}/storage/v1/b/${name}`,
    name,
    projectNumber: '1',
    metageneration: String(metageneration),
    locationType: 'multi-region',
    timeCreated: new Date(record.timeCreated).toISOString(),
    updated: new Date(record.updated).toISOString(),
    etag: Buffer.from(String(metageneration)).toString('base64'),
    ...settings,
  });
}
