import { loadSettings, redisSettings, Secret, StartupError } from '@holdfast/service-kit';
import assert from 'node:assert/strict';
import { z } from 'zod';

const checks = {
  url: (url: string) => (url.startsWith('redis://') ? undefined : 'a URL that this test likes'),
  prefix: (prefix: string, url: string) =>
    prefix.startsWith('{') || !url.includes('cluster') ? undefined : 'a prefix with a tag',
};
const schema = z.strictObject({ queue: redisSettings(checks).optional() });

function load(variables: Readonly<Record<string, string>>) {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(variables)) env[`HOLDFAST_QUEUE__${name}`] = value;
  return loadSettings(schema, { argv: [], env }).queue;
}

function problemOf(variables: Readonly<Record<string, string>>): string {
  try {
    load(variables);
  } catch (error) {
    assert.ok(error instanceof StartupError);
    return error.message;
  }
  return assert.fail('nothing is wrong');
}

describe('Settings of Redis', () => {
  it('need nothing but its URL, which is a secret', () => {
    const settings = load({ URL: 'redis://user:hunter2@a' });
    assert.ok(settings?.url instanceof Secret);
    assert.equal(settings.url.reveal(), 'redis://user:hunter2@a');
    assert.equal(settings.prefix, '{holdfast}');
    assert.equal(settings.tls, undefined);
    assert.doesNotMatch(JSON.stringify(settings), /hunter2/);
  });

  it('may be none at all', () => assert.equal(load({}), undefined));

  it('say what is allowed instead of a URL, and not what it was', () => {
    const problem = problemOf({ URL: 'http://user:hunter2@a' });
    assert.match(problem, /queue\.url .*a URL that this test likes/);
    assert.doesNotMatch(problem, /hunter2/);
  });

  it('say that the URL is missing', () => {
    assert.match(problemOf({ PREFIX: '{a}' }), /queue\.url .*missing/);
  });

  it('say what is allowed as a prefix', () => {
    for (const prefix of ['a b', 'é', 'a'.repeat(65)]) {
      assert.match(problemOf({ URL: 'redis://a', PREFIX: prefix }), /queue\.prefix .*printable/);
    }
    assert.match(problemOf({ URL: 'redis://cluster', PREFIX: 'a' }), /queue\.prefix .*with a tag/);
    assert.equal(load({ URL: 'redis://cluster', PREFIX: '{a}' })?.prefix, '{a}');
  });

  it('take a certificate and its key, or neither', () => {
    const url = { URL: 'redis://a' };
    const both = { ...url, TLS__CERTIFICATE_FILE: 'c', TLS__PRIVATE_KEY_FILE: 'k' };
    assert.deepEqual(load(both)?.tls, { certificateFile: 'c', privateKeyFile: 'k' });
    assert.deepEqual(load({ ...url, TLS__CA_FILE: 'a' })?.tls, { caFile: 'a' });
    const one = problemOf({ ...url, TLS__CERTIFICATE_FILE: 'c' });
    assert.match(one, /queue\.tls.*both or neither/);
    assert.match(problemOf({ ...url, TLS__KEY: 'c' }), /queue\.tls\.key .*is no setting/);
  });
});
