import { hasCode } from '@holdfast/domain';
import assert from 'node:assert/strict';
import { classifyCommitFailure, toFault } from '../../../packages/tier-lmdb/src/lmdb-errors.js';

const bySystem = {
  'ENOSPC as Node tells it': { code: 'ENOSPC', errno: -28 },
  'EFBIG as Node tells it': { code: 'EFBIG', errno: -27 },
  'EDQUOT, for which Node has no name': { code: 'Unknown system error -122', errno: -122 },
  'EDQUOT by its name alone': { code: 'EDQUOT' },
  'ENOSPC as LMDB tells it': { code: 28 },
  'EFBIG as LMDB tells it': { code: 27 },
  'EDQUOT as LMDB tells it': { code: 122 },
  'the end of the map': { code: -30_792 },
} as const;

const errorOf = (fields: object): Error => Object.assign(new Error('it failed'), fields);

describe('an error of LMDB or of the system', () => {
  for (const [name, fields] of Object.entries(bySystem)) {
    it(`means that the store is full when it is ${name}`, () => {
      const error = errorOf(fields);
      assert.ok(hasCode(toFault(error), 'STORAGE_FULL'));
      assert.equal(
        classifyCommitFailure(error, () => false),
        'full',
      );
    });
  }

  it('means that the store is unavailable when it is another, or nothing known', () => {
    const others = [errorOf({ code: 'EACCES', errno: -13 }), errorOf({ code: 13 }), errorOf({}), 7];
    for (const error of others) assert.ok(hasCode(toFault(error), 'TIER_UNAVAILABLE'));
  });
});
