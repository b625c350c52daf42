import assert from 'node:assert/strict';
import { startDashboard, type DashboardFixture } from './dashboard-fixture.js';

const retryPath = '/queues/api/queues/changelog-cleanup/change-1/retry';

describe('the door of the dashboard', () => {
  let dashboard: DashboardFixture;
  beforeEach(async () => {
    dashboard = await startDashboard({ writable: true });
    dashboard.queues.failed.push({ id: 'change-1', failedReason: 'TIER_UNAVAILABLE: no' });
  });
  afterEach(() => dashboard.close());

  it('opens under any name of this machine', async () => {
    for (const host of ['localhost', 'localhost:7121', '127.0.0.1:1', '[::1]:7121']) {
      assert.equal((await dashboard.ask('/queues', { headers: { host } })).status, 200, host);
    }
  });

  it('stays shut to a name that somebody else had resolve to this machine', async () => {
    for (const path of ['/', '/queues', '/queues/api/queues', '/queues/static/favicon.ico']) {
      const answer = await dashboard.ask(path, { headers: { host: 'rebound.example:7121' } });
      assert.equal(answer.status, 403, path);
      assert.match(answer.text, /only as localhost/);
    }
    const changed = await dashboard.change(retryPath, {
      headers: { host: 'rebound.example', origin: 'http://rebound.example' },
    });
    assert.equal(changed.status, 403);
    assert.deepEqual(dashboard.queues.retried, []);
  });

  it('lets nothing change that the page itself does not ask for', async () => {
    const { port } = dashboard.endpoint.address;
    const foreign: readonly Readonly<Record<string, string>>[] = [
      {},
      { origin: 'null' },
      { origin: 'https://evil.example' },
      { origin: `http://127.0.0.1:${port + 1}` },
      { origin: `http://127.0.0.1:${port}.evil.example` },
      { origin: `http://evil.example/127.0.0.1:${port}` },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'none' },
      { 'sec-fetch-site': 'same-site', origin: `http://127.0.0.1:${port}` },
    ];
    for (const headers of foreign) {
      const { status } = await dashboard.ask(retryPath, { method: 'PUT', headers });
      assert.equal(status, 403, JSON.stringify(headers));
    }
    assert.deepEqual(dashboard.queues.retried, []);
  });

  it('has nothing read for the pages of others, and everything for its own and for people', async () => {
    let asked = 0;
    dashboard.queues.onAsked = () => Promise.resolve(void (asked += 1));
    const paths = ['/queues/api/queues', '/queues/%61pi/queues', '/queues/api/nothing', retryPath];
    for (const site of ['cross-site', 'same-site', 'Same-Origin', '']) {
      for (const method of ['GET', 'HEAD', 'PUT']) {
        for (const path of paths) {
          const { status } = await dashboard.ask(path, {
            method,
            headers: { 'sec-fetch-site': site },
          });
          assert.equal(status, 403, `${method} ${path} ${site}`);
        }
      }
    }
    assert.equal(asked, 0);
    for (const headers of [{ 'sec-fetch-site': 'same-origin' }, { 'sec-fetch-site': 'none' }, {}]) {
      assert.equal((await dashboard.ask('/queues/api/queues', { headers })).status, 200);
    }
    // A link to the page may be anywhere.
    const linked = await dashboard.ask('/queues', { headers: { 'sec-fetch-site': 'cross-site' } });
    assert.equal(linked.status, 200);
  });

  it('lets the page change things, by what any browser says about it', async () => {
    const { port } = dashboard.endpoint.address;
    for (const headers of [
      { 'sec-fetch-site': 'same-origin', origin: 'https://through.a-proxy.example' },
      { 'sec-fetch-site': 'same-origin' },
      { origin: `http://127.0.0.1:${port}` },
    ]) {
      dashboard.queues.failed.push({ id: 'change-1', failedReason: '' });
      const { status } = await dashboard.ask(retryPath, { method: 'PUT', headers });
      assert.equal(status, 204, JSON.stringify(headers));
    }
  });

  it('answers to no other methods, and to no questions from other origins about them', async () => {
    for (const method of ['POST', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND']) {
      const { status, headers } = await dashboard.change('/queues/api/queues', { method });
      assert.deepEqual([status, headers.allow], [405, 'GET, HEAD, PUT'], method);
      assert.equal(headers['access-control-allow-origin'], undefined);
    }
  });

  it('reads no bodies, and ends the connection of who sends one', async () => {
    for (const headers of [{ 'transfer-encoding': 'chunked' }, {}]) {
      const body = 'x'.repeat(100_000);
      const answer = await dashboard.change(retryPath, { headers, body });
      assert.deepEqual([answer.status, answer.headers.connection], [413, 'close']);
    }
    assert.deepEqual(dashboard.queues.retried, []);
  });

  it('stays open to metrics and probes, which have names of their own', async () => {
    const host = 'worker-7.internal';
    for (const path of ['/metrics', '/healthz', '/readyz']) {
      const { status, headers } = await dashboard.ask(path, { headers: { host } });
      assert.equal(status, 200, path);
      assert.match(String(headers['content-security-policy']), /^default-src 'none'; frame/);
    }
  });
});

describe('the door of the dashboard with credentials', () => {
  const signIn = { username: 'ada', password: 'open, sesame' };
  let dashboard: DashboardFixture;
  beforeEach(async () => {
    dashboard = await startDashboard({ writable: true, signIn });
    dashboard.queues.failed.push({ id: 'change-1', failedReason: 'TIER_UNAVAILABLE: no' });
  });
  afterEach(() => dashboard.close());

  const basic = (text: string) => ({
    authorization: `Basic ${Buffer.from(text).toString('base64')}`,
  });
  const right = basic('ada:open, sesame');

  it('is shut to who has none: page, files and data', async () => {
    for (const path of [
      '/',
      '/queues',
      '/queues/api/queues',
      '/queues/static/favicon.ico',
      '/queues/nothing',
    ]) {
      const { status, headers } = await dashboard.ask(path);
      assert.equal(status, 401, path);
      assert.equal(headers['www-authenticate'], 'Basic realm="Holdfast queues", charset="UTF-8"');
      assert.match(String(headers['content-security-policy']), /default-src 'none'/);
    }
    assert.equal((await dashboard.change(retryPath)).status, 401);
  });

  it('opens to who has them', async () => {
    assert.equal((await dashboard.ask('/queues', { headers: right })).status, 200);
    assert.equal((await dashboard.change(retryPath, { headers: right })).status, 204);
  });

  it('does not take credentials for the origin: browsers send them along for anybody', async () => {
    const headers = { ...right, origin: 'https://evil.example' };
    assert.equal((await dashboard.change(retryPath, { headers })).status, 403);
    assert.deepEqual(dashboard.queues.retried, []);
  });

  it('is shut for a while, also to the right ones, after too many wrong ones', async () => {
    const wrong = basic('ada:guess');
    for (let attempt = 1; attempt <= 10; attempt += 1) {
      assert.equal((await dashboard.ask('/queues', { headers: wrong })).status, 401);
    }
    assert.equal((await dashboard.ask('/queues', { headers: wrong })).status, 429);
    const refused = await dashboard.ask('/queues', { headers: right });
    assert.deepEqual([refused.status, refused.headers['retry-after']], [429, '10']);
    assert.equal((await dashboard.ask('/healthz')).status, 200);
    dashboard.clock.advance(10_000);
    assert.equal((await dashboard.ask('/queues', { headers: right })).status, 200);
  });

  it('does not count what the page of somebody else has a browser try', async () => {
    const headers = { ...basic('ada:guess'), 'sec-fetch-site': 'cross-site' };
    for (let attempt = 1; attempt <= 20; attempt += 1) {
      assert.equal((await dashboard.ask('/queues/api/queues', { headers })).status, 403);
    }
    assert.equal((await dashboard.ask('/queues', { headers: right })).status, 200);
  });

  it('does not count who only has not signed in yet', async () => {
    for (let attempt = 1; attempt <= 50; attempt += 1) await dashboard.ask('/queues');
    assert.equal((await dashboard.ask('/queues', { headers: right })).status, 200);
  });

  it('tells the log that somebody failed, and nothing of what they said', async () => {
    await dashboard.ask('/queues', { headers: basic('hunter2:hunter3') });
    await dashboard.change(retryPath, { headers: right });
    assert.match(dashboard.logged(), /"address":"127\.0\.0\.1".*a dashboard sign-in failed/);
    assert.doesNotMatch(dashboard.logged(), /hunter|sesame|aHVudGVy|YWRhOm9w/);
  });

  it('needs no credentials for metrics and probes', async () => {
    for (const path of ['/metrics', '/healthz', '/readyz']) {
      assert.equal((await dashboard.ask(path)).status, 200, path);
    }
  });
});
