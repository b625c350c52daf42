import { methodsOf, type LoaderMethod } from '../../support/loader-contract.js';
import type { SeededRandom } from './seeded-random.js';

/** A method under fuzz, and messages that are valid for it, to begin with. */
export interface FuzzMethod {
  readonly path: string;
  readonly valid: readonly Buffer[];
  /** It takes any number of messages; these, in their order, are a call that does something. */
  readonly isStream: boolean;
  /** Its calls go on for as long as nobody ends them. */
  readonly isEndless: boolean;
}

const objectId = { usecase: 'fuzz', scopes: [{ name: 'org', value: '1' }], key: 'key' };
const header = {
  objectId,
  metadata: {
    contentType: 'text/plain',
    expiration: { ttl: { seconds: 60 } },
    custom: [{ name: 'a', value: 'b' }],
  },
};
const revision = '01890000-0000-7000-8000-000000000000';
const payload = Buffer.from('twenty-four random bytes');
const blob = `fuzz/org.1/objects/key/${revision}`;

const validRequests: Readonly<Record<string, readonly object[]>> = {
  PutObject: [
    { header },
    { chunk: payload },
    { chunk: Buffer.alloc(0) },
    { finish: { size: payload.length } },
  ],
  GetObject: [
    { objectId },
    { objectId, range: { first: 1, last: 3 } },
    { objectId, ifRevision: revision },
  ],
  HeadObject: [{ objectId }],
  DeleteObject: [{ objectId }, { objectId, ifRevision: revision }],
  BatchObjects: [
    {
      operations: [
        { index: 1, put: { header, payload } },
        { index: 2, get: { objectId } },
        { index: 3, head: { objectId }, timeout: { seconds: 1 }, requestId: 'fuzz' },
        { index: 4, delete: { objectId } },
        { index: 5 },
      ],
    },
    { operations: [{ index: 7, get: { objectId } }] },
    { operations: [] },
  ],
  ListObjects: [
    { usecase: 'fuzz', pageSize: 10 },
    { usecase: 'fuzz', scopes: objectId.scopes, keyPrefix: 'k', pageToken: 'a2V5' },
  ],
  SettleChange: [{ changeIds: [revision], dryRun: true }],
  DiscardChanges: [{ changeIds: [revision], reason: 'fuzz' }],
  ListChanges: [{ pageSize: 10 }, { dueAt: { seconds: 1_700_000_000 } }],
  ListBlobs: [{ pageSize: 10, pageToken: 'x' }],
  ReclaimBlobs: [{ blobs: [blob], minAge: { seconds: 86_400 } }],
  ExpireObjects: [{ dryRun: true, pageSize: 10 }],
  VerifyObjects: [{ pageSize: 10, timeLimit: { seconds: 1 } }],
  DescribeStorage: [{ includeUsage: true }],
};

export const objectMethods = Object.entries(methodsOf('object')).map(describeMethod);
export const maintenanceMethods = Object.entries(methodsOf('maintenance')).map(describeMethod);

/** What servers offer beside their own service, and what they do not offer at all. */
export const otherMethods: readonly FuzzMethod[] = [
  '/grpc.health.v1.Health/Check',
  '/grpc.health.v1.Health/Watch',
  '/grpc.health.v1.Health/List',
  '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
  '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo',
  '/holdfast.object.v1.ObjectService/NoSuchMethod',
  '/NoSuchService/PutObject',
  '/',
  '/holdfast.object.v1.ObjectService/../GetObject',
].map((path) => ({
  path,
  // A health check of all, and a reflection request for the list of services.
  valid: [Buffer.alloc(0), Buffer.from('3a012a', 'hex')],
  isStream: path.endsWith('Info'),
  isEndless: path.endsWith('/Watch'),
}));

function describeMethod([name, method]: [string, LoaderMethod]): FuzzMethod {
  const requests = validRequests[name];
  if (requests === undefined) throw new Error(`there is no valid message of ${name} to begin with`);
  const valid = requests.map(method.requestSerialize);
  return { path: method.path, valid, isStream: method.requestStream, isEndless: false };
}

const randomBytesMax = 300;
const messagesMax = 4;

/** The messages of one call: the right ones, almost the right ones, or any. */
export function fuzzMessages(method: FuzzMethod, random: SeededRandom): readonly Buffer[] {
  if (random.chance(0.05)) return [];
  if (!method.isStream && random.chance(0.9)) return [fuzzMessage(method, random)];
  if (method.isStream && random.chance(0.4)) {
    return method.valid.map((valid) => (random.chance(0.1) ? mutate(valid, random) : valid));
  }
  const count = 1 + random.below(messagesMax);
  return Array.from({ length: count }, () => fuzzMessage(method, random));
}

/** A message of the method, or something that is not one. */
function fuzzMessage(method: FuzzMethod, random: SeededRandom): Buffer {
  if (random.chance(0.3)) return random.bytes(random.below(randomBytesMax));
  const valid = random.pick(method.valid);
  return random.chance(0.2) ? valid : mutate(valid, random);
}

function mutate(valid: Buffer, random: SeededRandom): Buffer {
  let bytes = Buffer.from(valid);
  for (let changes = 1 + random.below(4); changes > 0 && bytes.length > 0; changes -= 1) {
    const at = random.below(bytes.length);
    const rest = bytes.subarray(at);
    switch (random.below(5)) {
      case 0:
        bytes[at] = random.below(256);
        break;
      case 1:
        bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
        break;
      case 2:
        bytes = bytes.subarray(0, at);
        break;
      case 3:
        bytes = Buffer.concat([bytes.subarray(0, at), random.bytes(random.below(9)), rest]);
        break;
      case 4:
        // A part twice: fields that are given again, lengths that do not add up.
        bytes = Buffer.concat([bytes.subarray(0, at), rest, rest]);
        break;
    }
  }
  return bytes;
}
