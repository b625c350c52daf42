import assert from 'node:assert/strict';
import { createAttempts } from '../../../services/cleanup-worker/src/dashboard/attempts.js';

describe('failed attempts to sign in', () => {
  let ms = 0;
  const now = (): number => ms;

  function failUntilRefused(attempts: ReturnType<typeof createAttempts>, address: string): number {
    let failures = 0;
    for (; attempts.isAllowed(address) && failures < 1_000; failures += 1) attempts.failed(address);
    return failures;
  }

  it('are bounded for an address, and only for it', () => {
    const attempts = createAttempts(now);
    assert.equal(failUntilRefused(attempts, '10.0.0.1'), 10);
    assert.equal(attempts.isAllowed('10.0.0.1'), false);
    assert.equal(attempts.isAllowed('10.0.0.2'), true);
  });

  it('are forgotten one by one, not all at once', () => {
    const attempts = createAttempts(now);
    failUntilRefused(attempts, '10.0.0.1');
    ms += 1_000;
    assert.equal(attempts.isAllowed('10.0.0.1'), false);
    ms += 1_000;
    assert.equal(failUntilRefused(attempts, '10.0.0.1'), 1);
    ms += 3_600_000;
    assert.equal(failUntilRefused(attempts, '10.0.0.1'), 10);
  });

  it('are not forgotten because the clock went back', () => {
    const attempts = createAttempts(now);
    failUntilRefused(attempts, '10.0.0.1');
    ms -= 60_000;
    assert.equal(attempts.isAllowed('10.0.0.1'), false);
  });

  it('count for a whole network where one caller has all of it', () => {
    const attempts = createAttempts(now);
    failUntilRefused(attempts, '2001:db8:1:2:3:4:5:6');
    assert.equal(attempts.isAllowed('2001:db8:1:2:ffff::1'), false);
    assert.equal(attempts.isAllowed('2001:db8:1:3::1'), true);
    failUntilRefused(attempts, '2001:db8:0:0:1::1%eth0');
    assert.equal(attempts.isAllowed('2001:db8::2'), false);
    assert.equal(attempts.isAllowed('2001:db8:0:1::2'), true);
    assert.equal(attempts.isAllowed('::1'), true);
  });

  it('count for that network however its addresses are abbreviated', () => {
    const attempts = createAttempts(now);
    failUntilRefused(attempts, '2001:db8::abcd:1:1:1');
    for (const other of ['2001:db8::abcd:1:1:2', '2001:DB8:0:0:9:9:9:9', '2001:db8::']) {
      assert.equal(attempts.isAllowed(other), false, other);
    }
    for (const address of ['::1', '1::', '2001:db8:abcd:1:1:1::', '64:ff9b::1.2.3.4']) {
      assert.equal(failUntilRefused(attempts, address), 10, address);
    }
  });

  it('count for one IPv4 address, whichever way it is written', () => {
    const attempts = createAttempts(now);
    failUntilRefused(attempts, '::ffff:10.0.0.1');
    for (const same of ['10.0.0.1', '::ffff:a00:1', '0:0:0:0:0:ffff:10.0.0.1']) {
      assert.equal(attempts.isAllowed(same), false, same);
    }
    assert.equal(attempts.isAllowed('::ffff:10.0.0.2'), true);
  });

  it('are remembered of a bounded number of addresses, the latest ones', () => {
    const attempts = createAttempts(now);
    failUntilRefused(attempts, '10.0.0.1');
    for (let at = 0; at < 999; at += 1) attempts.failed(`10.1.${at >> 8}.${at & 255}`);
    assert.equal(attempts.isAllowed('10.0.0.1'), false);
    attempts.failed('10.2.0.1');
    assert.equal(attempts.isAllowed('10.0.0.1'), true);
  });
});
