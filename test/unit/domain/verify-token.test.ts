import { parseObjectId } from '@holdfast/domain';
import { nativeChecksum as checksum } from '@holdfast/service-kit';
import * as fc from 'fast-check';
import assert from 'node:assert/strict';
import {
  formatVerifyToken,
  parseVerifyToken,
  type VerifyPosition,
} from '../../../packages/domain/src/reclaim/verify-token.js';
import { anyObjectId, anyRevision } from './arbitraries.js';

const within = fc
  .record({
    id: anyObjectId,
    revision: anyRevision,
    offset: fc.integer({ min: 0, max: 5 * 1024 ** 4 }),
    crc32c: fc.integer({ min: 0, max: 0xffffffff }),
  })
  .map((position): VerifyPosition => ({ kind: 'within', path: position.id.path, ...position }));
const after = anyObjectId.map(({ path }): VerifyPosition => ({ kind: 'after', path }));

describe('a token of verifying', () => {
  it('is what was formatted, after an object and within one', () => {
    const property = fc.property(fc.oneof(within, after), (position) => {
      const token = formatVerifyToken(position, checksum);
      assert.deepEqual(parseVerifyToken(token, checksum), position);
    });
    fc.assert(property);
  });

  it('is refused with any character of it changed', () => {
    const id = parseObjectId({ usecase: '12', scopes: [], key: '1,2:3' });
    for (const position of [
      { kind: 'after', path: id.path },
      { kind: 'within', id, path: id.path, revision: revision(), offset: 12, crc32c: 255 },
    ] as const) {
      const token = formatVerifyToken(position, checksum);
      for (let at = 0; at < token.length; at += 1) {
        const other = token[at] === '1' ? '2' : '1';
        const mangled = `${token.slice(0, at)}${other}${token.slice(at + 1)}`;
        assert.throws(() => parseVerifyToken(mangled, checksum), { code: 'INVALID_PAGE' });
      }
    }
  });
});

function revision() {
  const [sample] = fc.sample(anyRevision, 1);
  assert(sample !== undefined);
  return sample;
}
