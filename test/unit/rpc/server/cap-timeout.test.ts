import assert from 'node:assert/strict';
import { capTimeout } from '../../../../packages/rpc/src/server/cap-timeout.js';

describe('the cap on timeouts', () => {
  const capped = (timeout: string): string | string[] | undefined => {
    const headers = { 'grpc-timeout': timeout };
    capTimeout(headers);
    return headers['grpc-timeout'];
  };

  it('shortens what timers cannot wait for', () => {
    for (const timeout of ['597H', '99999999H', '35761M', '2145601S', '99999999S']) {
      assert.equal(capped(timeout), '596H');
    }
  });

  it('leaves everything else as it is', () => {
    for (const timeout of [
      '596H',
      '35760M',
      '2145600S',
      '99999999m',
      '1u',
      '99999999n',
      'soon',
      '',
    ]) {
      assert.equal(capped(timeout), timeout);
    }
    const headers = {};
    capTimeout(headers);
    assert.deepEqual(headers, {});
  });
});
