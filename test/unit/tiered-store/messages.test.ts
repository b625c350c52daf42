import { object } from '@holdfast/contracts';
import type { ByteRange, CallerMetadata } from '@holdfast/domain';
import { createCountingIds, createManualClock } from '@holdfast/testkit';
import assert from 'node:assert/strict';
import { readByteRange } from '../../../services/tiered-store/src/messages/byte-range.js';
import { readPutCondition } from '../../../services/tiered-store/src/messages/condition.js';
import {
  callerMetadataMessage,
  readCallerMetadata,
} from '../../../services/tiered-store/src/messages/metadata.js';
import {
  readObjectId,
  readWrittenId,
} from '../../../services/tiered-store/src/messages/object-id.js';
import { objectInfoMessage } from '../../../services/tiered-store/src/messages/object-info.js';
import { isFault } from './faults.js';

const ids = createCountingIds(createManualClock());

describe('An object id in a message', () => {
  it('is read with its scopes in their order', () => {
    const scopes = [
      { name: 'org', value: '1' },
      { name: 'project', value: '2' },
    ];
    const id = readObjectId({ usecase: 'photos', scopes, key: 'a/b' });
    assert.equal(id.path, 'photos/org.1/project.2/objects/a/b');
  });

  it('is required', () => {
    assert.throws(() => readObjectId(undefined), isFault('INVALID_OBJECT_ID', 'object_id'));
    assert.throws(() => readWrittenId(undefined, ids), isFault('INVALID_OBJECT_ID', 'object_id'));
  });

  it('gets a new key each time it is written without one, and needs one to be read', () => {
    const message = { usecase: 'photos', scopes: [], key: '' };
    assert.notEqual(readWrittenId(message, ids).key, readWrittenId(message, ids).key);
    assert.throws(() => readObjectId(message), isFault('INVALID_OBJECT_ID', 'object_id.key'));
  });
});

describe('Metadata in a message', () => {
  it('has its defaults where nothing is said', () => {
    const metadata = readCallerMetadata(undefined);
    assert.equal(metadata.contentType, 'application/octet-stream');
    assert.deepEqual(metadata.expiration, { kind: 'manual' });
    assert.equal(metadata.custom.size, 0);
    assert.deepEqual(readCallerMetadata(object.CallerMetadata.create()), {
      ...metadata,
      contentEncoding: undefined,
      origin: undefined,
      fileName: undefined,
    });
  });

  it('comes back as it went in', () => {
    const metadata: CallerMetadata = {
      contentType: 'text/plain; charset=utf-8',
      contentEncoding: 'zstd',
      expiration: { kind: 'tti', ms: 90_001 },
      origin: 'importer',
      fileName: 'späti.txt',
      custom: new Map([
        ['a', '1'],
        ['b', ''],
      ]),
    };
    const bytes = object.CallerMetadata.encode(callerMetadataMessage(metadata)).finish();
    assert.deepEqual(readCallerMetadata(object.CallerMetadata.decode(bytes)), metadata);
  });

  it('is refused when a custom name is given twice', () => {
    const custom = [
      { name: 'a', value: '1' },
      { name: 'a', value: '1' },
    ];
    const message = object.CallerMetadata.create({ custom });
    assert.throws(
      () => readCallerMetadata(message),
      isFault('INVALID_METADATA', 'metadata.custom'),
    );
  });

  const wrongTimes = [
    { seconds: 1n, nanos: 1 },
    { seconds: 1n, nanos: 999_999 },
    { seconds: 1n, nanos: -1_000_000 },
    { seconds: 1n, nanos: 1_000_000_000 },
  ];
  for (const kind of ['ttl', 'tti'] as const) {
    for (const value of wrongTimes) {
      it(`is refused when a ${kind} is ${value.seconds} s and ${value.nanos} ns`, () => {
        const message = object.CallerMetadata.create({
          expiration: { policy: { $case: kind, value } },
        });
        const isRefused = isFault('INVALID_EXPIRATION', `metadata.expiration.${kind}`);
        assert.throws(() => readCallerMetadata(message), isRefused);
      });
    }

    it(`holds a ${kind} in whole milliseconds`, () => {
      const value = { seconds: 3_600n, nanos: 1_000_000 };
      const expiration = { policy: { $case: kind, value } } as const;
      const message = object.CallerMetadata.create({ expiration });
      assert.deepEqual(readCallerMetadata(message).expiration, { kind, ms: 3_600_001 });
    });
  }

  it('takes an expiration without a policy for none', () => {
    const message = object.CallerMetadata.create({ expiration: {} });
    assert.deepEqual(readCallerMetadata(message).expiration, { kind: 'manual' });
  });
});

describe('A condition in a message', () => {
  const revision = '01890000-0000-7000-8000-000000000000';
  it('is read as what it says', () => {
    assert.equal(readPutCondition(undefined), undefined);
    assert.deepEqual(readPutCondition({ condition: { $case: 'ifAbsent', value: true } }), {
      kind: 'if-absent',
    });
    assert.deepEqual(readPutCondition({ condition: { $case: 'ifRevision', value: revision } }), {
      kind: 'if-revision',
      revision,
    });
  });

  const wrong: readonly (readonly [string, object.PutCondition['condition'], string])[] = [
    ['nothing is set', undefined, 'condition'],
    ['if_absent is false', { $case: 'ifAbsent', value: false }, 'condition.if_absent'],
    ['if_revision is none', { $case: 'ifRevision', value: 'x' }, 'condition.if_revision'],
  ];
  for (const [name, condition, field] of wrong) {
    it(`is refused when ${name}`, () => {
      assert.throws(() => readPutCondition({ condition }), isFault('INVALID_CONDITION', field));
    });
  }
});

describe('A range in a message', () => {
  const beyond = 2n ** 63n;
  const most = Number.MAX_SAFE_INTEGER;
  const right: readonly (readonly [string, object.ByteRange, ByteRange])[] = [
    [
      'a slice',
      { start: { $case: 'first', value: 1n }, last: 5n },
      { kind: 'slice', first: 1, last: 5 },
    ],
    [
      'an open slice',
      { start: { $case: 'first', value: 0n } },
      { kind: 'slice', first: 0, last: undefined },
    ],
    ['a suffix', { start: { $case: 'suffix', value: 7n } }, { kind: 'suffix', length: 7 }],
    [
      'a first byte beyond everything',
      { start: { $case: 'first', value: beyond } },
      { kind: 'slice', first: most, last: undefined },
    ],
    [
      'a last byte beyond everything',
      { start: { $case: 'first', value: 1n }, last: beyond },
      { kind: 'slice', first: 1, last: most },
    ],
    [
      'a suffix beyond everything',
      { start: { $case: 'suffix', value: beyond } },
      { kind: 'suffix', length: most },
    ],
  ];
  for (const [name, message, range] of right) {
    it(`is read: ${name}`, () => assert.deepEqual(readByteRange(message), range));
  }

  const wrong: readonly (readonly [string, object.ByteRange, string])[] = [
    ['nothing is set', { start: undefined }, 'range'],
    ['only a last byte is set', { start: undefined, last: 1n }, 'range'],
    [
      'the last byte comes before the first',
      { start: { $case: 'first', value: 2n }, last: 1n },
      'range.last',
    ],
    [
      'so it does beyond what numbers tell apart',
      { start: { $case: 'first', value: 2n ** 60n + 1n }, last: 2n ** 60n },
      'range.last',
    ],
    ['a suffix has a last byte', { start: { $case: 'suffix', value: 2n }, last: 1n }, 'range.last'],
  ];
  for (const [name, message, field] of wrong) {
    it(`is refused when ${name}`, () => {
      assert.throws(() => readByteRange(message), isFault('INVALID_RANGE', field));
    });
  }
});

describe('What is told of an object', () => {
  it('survives the wire, times to the millisecond', () => {
    const id = readObjectId({ usecase: 'photos', scopes: [], key: 'ä/😀' });
    const revision = ids.revision();
    const metadata = {
      ...readCallerMetadata(undefined),
      revision,
      size: 5 * 1024 ** 4,
      crc32c: 0xffff_ffff,
      timeCreated: 1_700_000_000_123,
      timeExpires: 1_800_000_000_001,
    } as Parameters<typeof objectInfoMessage>[1];
    const bytes = object.ObjectInfo.encode(objectInfoMessage(id, metadata)).finish();
    const { objectId, size, crc32c, timeCreated, timeExpires } = object.ObjectInfo.decode(bytes);
    assert.equal(objectId?.key, 'ä/😀');
    assert.deepEqual([size, crc32c], [5n * 1024n ** 4n, 0xffff_ffff]);
    assert.equal(timeCreated?.getTime(), 1_700_000_000_123);
    assert.equal(timeExpires?.getTime(), 1_800_000_000_001);
  });
});
