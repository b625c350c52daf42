import {
  formatRevision,
  limits,
  manualExpiration,
  parseObjectId,
  type ExpirationPolicy,
  type ObjectId,
  type ObjectIdParts,
  type ObjectMetadata,
  type Revision,
  type Scope,
  type Timestamp,
} from '@holdfast/domain';
import fc from 'fast-check';

// As object literals are, so that deep equality holds.
const plain = { noNullPrototype: true };

const timeMsMax = 8_640_000_000_000_000;
// The time of a UUIDv7 has 48 bits.
const revisionTimeMax = 2 ** 48 - 1;

export const anyTime: fc.Arbitrary<Timestamp> = fc
  .integer({ min: 0, max: timeMsMax })
  .map((ms) => ms as Timestamp);

export const anyRevision: fc.Arbitrary<Revision> = fc
  .tuple(
    fc.integer({ min: 0, max: revisionTimeMax }),
    fc.integer({ min: 0, max: 4095 }),
    fc.uint8Array({ minLength: 8, maxLength: 8 }),
  )
  .map(([time, counter, random]) => formatRevision(time as Timestamp, counter, random));

/** Text of any Unicode scalar, none of them a control character. */
function cleanText(bounds: fc.StringConstraints): fc.Arbitrary<string> {
  return fc
    .string({ unit: 'binary', ...bounds })
    .map((text) => text.replaceAll(/\p{Cc}/gu, 'x'))
    .filter((text) => text.isWellFormed());
}

/** Text of any UTF-16 units: control characters, lone surrogates, separators of ours. */
export const hostileText: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
      fc.constantFrom('/', '.', '..', '//', 'objects', '/objects/', 'a.b', '\0', '\u007f', '😀'),
    ),
    { maxLength: 20 },
  )
  .map((pieces) => pieces.join(''));

// Few and treacherous words, so that two random ids often nearly agree.
const scopeWord = fc.constantFrom('a', 'b', 'ab', '-', 'objects', "$!+'()_-");
const keyPiece = fc.constantFrom('a', 'a.b', 'objects', '.', '..', '', 'b', '%2F', 'é', '😀');

export const collidingScope: fc.Arbitrary<Scope> = fc.record(
  { name: scopeWord, value: scopeWord },
  plain,
);

const collidingKey = fc
  .oneof(
    fc.array(keyPiece, { minLength: 1, maxLength: 4 }),
    fc
      .array(keyPiece, { maxLength: 2 })
      .chain((pieces) => anyRevision.map((id) => [...pieces, id])),
  )
  .map((pieces) => pieces.join('/'))
  .filter((key) => key !== '');

export const collidingParts: fc.Arbitrary<ObjectIdParts> = fc.record(
  {
    usecase: fc.constantFrom('a', 'b', 'ab', 'a-', 'objects'),
    scopes: fc.array(collidingScope, { maxLength: 3 }),
    key: collidingKey,
  },
  plain,
);

export const anyObjectId: fc.Arbitrary<ObjectId> = fc
  .oneof(
    collidingParts,
    fc.record({
      usecase: fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_-]{0,15}$/),
      scopes: fc.array(collidingScope, { maxLength: 3 }),
      key: cleanText({ minLength: 1, maxLength: 40 }),
    }),
  )
  .map(parseObjectId);

const anyExpiration: fc.Arbitrary<ExpirationPolicy> = fc.oneof(
  fc.constant(manualExpiration),
  fc.record(
    {
      kind: fc.constantFrom('ttl' as const, 'tti' as const),
      ms: fc.integer({ min: limits.expirationMsMin, max: limits.expirationMsMax }),
    },
    plain,
  ),
);

const visibleAscii = fc.stringMatching(/^[\x21-\x7e]{1,20}( [\x21-\x7e]{1,20}){0,2}$/);
const customName = fc.oneof(
  fc.constantFrom('__proto__', 'constructor', 'toString', 'hasOwnProperty', '.', '-'),
  fc.stringMatching(/^[A-Za-z0-9._-]{1,20}$/),
);

/** What a row may hold: what `parseCallerMetadata` accepts, with what the server adds. */
export const anyMetadata: fc.Arbitrary<ObjectMetadata> = fc.record(
  {
    contentType: visibleAscii,
    contentEncoding: visibleAscii,
    expiration: anyExpiration,
    origin: cleanText({ minLength: 1, maxLength: 30 }),
    fileName: cleanText({ minLength: 1, maxLength: 30 }),
    custom: fc
      .array(fc.tuple(customName, cleanText({ maxLength: 20 })), { maxLength: 5 })
      .map((pairs) => new Map(pairs)),
    revision: anyRevision,
    conditional: fc.constant(true),
    timeCreated: anyTime,
    timeExpires: anyTime.filter((time) => time > 0),
    size: fc.integer({ min: 0, max: limits.objectBytesMax }),
    crc32c: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  },
  {
    ...plain,
    requiredKeys: [
      'contentType',
      'expiration',
      'custom',
      'revision',
      'timeCreated',
      'size',
      'crc32c',
    ],
  },
);
