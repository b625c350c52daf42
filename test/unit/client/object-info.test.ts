import { object } from '@holdfast/contracts';
import { DomainError } from '@holdfast/domain';
import assert from 'node:assert/strict';
import {
  decodeObjectInfo,
  durationOf,
  encodeMetadata,
} from '../../../packages/client/src/object-info.js';

describe('what is known of an object', () => {
  it('takes custom pairs as a record or as a map', () => {
    const expected = [{ name: 'mood', value: 'sleepy' }];
    assert.deepEqual(encodeMetadata({ custom: { mood: 'sleepy' } }).custom, expected);
    const map = new Map([['mood', 'sleepy']]);
    assert.deepEqual(encodeMetadata({ custom: map }).custom, expected);
  });

  it('leaves out what is not said', () => {
    const encoded = object.CallerMetadata.encode(encodeMetadata({})).finish();
    assert.equal(encoded.length, 0);
  });

  it('is refused where it is wrong', () => {
    const wrong = [
      { contentType: '' },
      { fileName: 'a\u0000b' },
      { custom: { 'no good': 'x' } },
      { expiration: { kind: 'ttl', ms: 999 } },
      { expiration: { kind: 'tti', ms: 1_000.5 } },
    ] as const;
    for (const metadata of wrong) assert.throws(() => encodeMetadata(metadata), DomainError);
  });

  it('keeps times to the millisecond', () => {
    assert.deepEqual(durationOf(90_500), { seconds: 90n, nanos: 500_000_000 });
    assert.deepEqual(durationOf(7), { seconds: 0n, nanos: 7_000_000 });
  });

  it('has numbers for sizes of up to 5 TiB', () => {
    const info = decodeObjectInfo(
      object.ObjectInfo.fromPartial({
        objectId: { usecase: 'photos', key: 'a' },
        size: BigInt(5 * 1024 ** 4),
        timeCreated: new Date(0),
      }),
    );
    assert.equal(info.size, 5 * 1024 ** 4);
    assert.deepEqual(info.timeCreated, new Date(0));
    assert.equal(info.timeExpires, undefined);
  });

  it('must be said in full by the server', () => {
    assert.throws(() => decodeObjectInfo(undefined), /not valid/);
    assert.throws(() => decodeObjectInfo(object.ObjectInfo.fromPartial({ size: 1n })), /not valid/);
  });
});
