import { checkRedisPrefix, checkRedisUrl } from '@holdfast/queue-bullmq';
import assert from 'node:assert/strict';

const good = [
  'redis://localhost',
  'redis://127.0.0.1:6379',
  'redis://[::1]:6379/15',
  'redis://:p%40ss@redis.example.com:6379/0',
  'rediss://user:password@redis_1:6380',
  'redis+sentinel://a:26379,b,c:1/my-master',
  'rediss+sentinel://user:password@a/my.master/3?sentinelUsername=u&sentinelPassword=p',
  'redis+cluster://a:7000,b:7001',
  'rediss+cluster://user:password@a',
];

const bad: readonly (readonly [url: string, allowed: RegExp])[] = [
  ['', /such as redis:/],
  ['localhost:6379', /such as redis:/],
  ['http://localhost', /such as redis:/],
  ['redis://', /such as redis:/],
  ['redis://a b', /hosts such as/],
  ['redis://a:0', /a port from 1/],
  ['redis://a:65536', /a port from 1/],
  ['redis://a:b', /hosts such as/],
  ['redis://a,b', /of one host/],
  ['redis://a/x', /a number/],
  ['redis://a/1/2', /at most a database/],
  ['redis://a?x=1', /without a query/],
  ['redis://%zz@a', /user name is percent-encoded/],
  ['redis://u:%zz@a', /password is percent-encoded/],
  ['redis+sentinel://a', /the name of the master/],
  ['redis+sentinel://a/b/c', /a number/],
  ['redis+sentinel://a/b?password=x', /without a query/],
  ['redis+cluster://a/1', /without a path/],
  [`redis+cluster://${'a,'.repeat(200)}a`, /at most 100/],
];

describe('A Redis URL', () => {
  for (const url of good) {
    it(`may be ${url}`, () => assert.equal(checkRedisUrl(url), undefined));
  }

  for (const [url, allowed] of bad) {
    it(`may not be ${JSON.stringify(url.slice(0, 40))}`, () => {
      assert.match(checkRedisUrl(url) ?? 'nothing is wrong', allowed);
    });
  }

  it('is never repeated, because it may hold a password', () => {
    for (const host of ['a b', 'a:b', 'a,b', '']) {
      const problem = checkRedisUrl(`redis://user:hunter2@${host}/x`);
      assert.ok(problem !== undefined && !/hunter2|user:h/.test(problem), problem);
    }
  });

  it('asks for a hash tag in the prefix of a cluster only', () => {
    assert.equal(checkRedisPrefix('plain', 'redis://a'), undefined);
    assert.equal(checkRedisPrefix('{tag}', 'redis+cluster://a'), undefined);
    assert.equal(checkRedisPrefix('a{tag}b', 'rediss+cluster://a'), undefined);
    for (const prefix of ['plain', '{}', '{', '}{']) {
      assert.match(checkRedisPrefix(prefix, 'rediss+cluster://a') ?? '', /hash tag/);
    }
  });
});
