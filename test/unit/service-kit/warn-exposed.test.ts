import { warnIfExposed } from '@holdfast/service-kit';
import assert from 'node:assert/strict';
import { createListener } from '../tiered-store/quiet.js';

const clientCaFile = 'ca.pem';

describe('A gRPC port for operators and workers', () => {
  function linesOf(host: string, tls?: { readonly clientCaFile?: string }) {
    const { logger, lines } = createListener();
    warnIfExposed({ listen: { host }, tls }, 'CleanupService', logger);
    return lines;
  }

  for (const host of ['0.0.0.0', '::', '10.0.0.7', 'store.example', '127.example.org']) {
    it(`is said to be open to everybody, in one line, when it listens on ${host}`, () => {
      const lines = linesOf(host);
      assert.deepEqual([lines.length, lines[0]?.level, lines[0]?.['host']], [1, 'warn', host]);
      assert.match(lines[0]?.message ?? '', /CleanupService: set tls\.clientCaFile$/);
    });
  }

  it('is said to be open although callers are encrypted, if nothing asks who they are', () => {
    assert.equal(linesOf('0.0.0.0', {}).length, 1);
  });

  it('is nothing to talk about where callers need a certificate', () => {
    assert.deepEqual(linesOf('0.0.0.0', { clientCaFile }), []);
  });

  for (const host of ['127.0.0.1', '127.0.0.2', '::1', 'localhost']) {
    it(`is nothing to talk about when it listens on ${host} only`, () => {
      assert.deepEqual(linesOf(host), []);
    });
  }
});
