import { DomainError } from '@holdfast/domain';
import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { tierError } from '../../../packages/tier-filesystem/src/errors.js';

function systemError(code: keyof typeof constants.errno): Error {
  return Object.assign(new Error(`${code}: it went wrong`), {
    code,
    errno: -constants.errno[code],
    syscall: 'write',
  });
}

describe('an error of the operating system', () => {
  for (const code of ['ENOSPC', 'EDQUOT', 'EFBIG'] as const) {
    it(`is STORAGE_FULL when it is ${code}`, () => {
      const cause = systemError(code);
      const error = tierError(cause);
      assert.ok(error instanceof DomainError);
      assert.deepEqual(error.detail, { code: 'STORAGE_FULL', tier: 'file system' });
      assert.equal(error.cause, cause);
    });
  }

  for (const code of ['EIO', 'EACCES', 'EROFS', 'EMFILE', 'ENOENT'] as const) {
    it(`is TIER_UNAVAILABLE when it is ${code}, and is kept as the cause`, () => {
      const cause = systemError(code);
      const error = tierError(cause);
      assert.ok(error instanceof DomainError);
      assert.equal(error.code, 'TIER_UNAVAILABLE');
      assert.match(error.message, /file system is unavailable/);
      assert.equal(error.cause, cause);
    });
  }

  it('is left alone when it is no error of the operating system', () => {
    for (const error of [new TypeError('a bug'), new DomainError({ code: 'CANCELLED' })]) {
      assert.equal(tierError(error), error);
    }
  });
});
