import assert from 'node:assert/strict';
import { readSettings } from '../../../services/tiered-store/src/config.js';
import { warnIfExposed } from '../../../services/tiered-store/src/warn-exposed.js';
import { createListener } from './quiet.js';

const certificate = {
  HOLDFAST_TLS__CERTIFICATE_FILE: 'certificate.pem',
  HOLDFAST_TLS__PRIVATE_KEY_FILE: 'key.pem',
};
const authority = { HOLDFAST_TLS__CLIENT_CA_FILE: 'ca.pem' };

describe('A tiered store that anybody may maintain', () => {
  function linesOf(host: string, env: Readonly<Record<string, string>> = {}) {
    const { logger, lines } = createListener();
    warnIfExposed(readSettings([], { HOLDFAST_LISTEN__HOST: host, ...env }), logger);
    return lines;
  }

  for (const host of ['0.0.0.0', '::', '10.0.0.7', 'store.example', '127.example.org']) {
    it(`says so in one line when it listens on ${host}`, () => {
      const lines = linesOf(host);
      assert.deepEqual([lines.length, lines[0]?.level, lines[0]?.['host']], [1, 'warn', host]);
    });
  }

  it('says so although callers are encrypted, if nothing asks who they are', () => {
    assert.equal(linesOf('0.0.0.0', certificate).length, 1);
  });

  it('says nothing where callers need a certificate', () => {
    assert.deepEqual(linesOf('0.0.0.0', { ...certificate, ...authority }), []);
  });

  for (const host of ['127.0.0.1', '127.0.0.2', '::1', 'localhost']) {
    it(`says nothing when it listens on ${host} only`, () => assert.deepEqual(linesOf(host), []));
  }
});
