import { bigtableSchema, type GcRule } from '@holdfast/tier-bigtable';
import assert from 'node:assert/strict';
import { decodeGcRule, encodeGcRule } from '../../../packages/tier-bigtable/src/gc-rule-message.js';

const versions: GcRule = { kind: 'versions', max: 3 };
const age: GcRule = { kind: 'age', ms: 1_234_567 };

describe('a rule of the garbage collector', () => {
  const rules: readonly GcRule[] = [
    { kind: 'none' },
    versions,
    age,
    { kind: 'any', of: [versions, age] },
    { kind: 'all', of: [{ kind: 'any', of: [age] }, versions] },
    ...bigtableSchema.families.map(({ gcRule }) => gcRule),
  ];
  for (const rule of rules) {
    it(`reads as it was written: ${JSON.stringify(rule)}`, () => {
      assert.deepEqual(decodeGcRule(encodeGcRule(rule)), rule);
    });
  }

  it('is none where nothing is said', () => {
    assert.deepEqual(decodeGcRule(undefined), { kind: 'none' });
    assert.deepEqual(decodeGcRule(null), { kind: 'none' });
  });
});
