import assert from 'node:assert/strict';
import { describeMedia } from '../../../packages/tier-gcs/src/media-head.js';

const generation = { 'x-goog-generation': '1700000000000001' };
const hash = { 'x-goog-hash': 'crc32c=n03x6A==,md5=Ojk9c3dhfxgoKVVHYwFbHQ==' };

describe('the head of a download', () => {
  it('tells of the whole object, also with a part of it', () => {
    const whole = { ...generation, ...hash, 'content-length': '100', 'content-type': 'a/b' };
    const expected = {
      contentType: 'a/b',
      objectBytes: 100,
      crc32c: 0x9f4d_f1e8,
      generation: '1700000000000001',
    };
    assert.deepEqual(describeMedia(whole, 0), expected);
    const part = { ...whole, 'content-length': '10', 'content-range': 'bytes 20-29/100' };
    assert.deepEqual(describeMedia(part, 20), expected);
  });

  it('may tell no checksum, and the hashes in any order', () => {
    const bare = { ...generation, 'content-length': '1' };
    assert.equal(describeMedia(bare, 0).crc32c, undefined);
    const swapped = { ...bare, 'x-goog-hash': 'md5=Ojk9c3dhfxgoKVVHYwFbHQ==, crc32c=n03x6A==' };
    assert.equal(describeMedia(swapped, 0).crc32c, 0x9f4d_f1e8);
  });

  it('is refused where it begins elsewhere, or says less than it has to', () => {
    const part = { ...generation, 'content-range': 'bytes 20-29/100' };
    assert.throws(() => describeMedia(part, 0), /Content-Range/);
    assert.throws(
      () => describeMedia({ ...generation, 'content-length': '5' }, 3),
      /Content-Range/,
    );
    assert.throws(() => describeMedia(generation, 0), /Content-Length/);
    assert.throws(() => describeMedia({ 'content-length': '5' }, 0), /X-Goog-Generation/);
    const odd = { ...generation, 'content-range': 'bytes 0-1/*' };
    assert.throws(() => describeMedia(odd, 0), /Content-Range/);
  });
});
