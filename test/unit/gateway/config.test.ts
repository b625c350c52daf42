import assert from 'node:assert/strict';
import { readSettings } from '../../../services/gateway/src/config.js';

describe('gateway settings', () => {
  it('give a small operation no more time than a store gives one of a batch', () => {
    const read = (value: string) => readSettings([], { HOLDFAST_LIMITS__OPERATION_MS_MAX: value });
    assert.equal(read('30 s').limits.operationMsMax, 30_000);
    assert.throws(() => read('31 s'), /limits\.operationMsMax .*31 s/);
  });
});
