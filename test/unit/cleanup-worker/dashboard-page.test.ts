import assert from 'node:assert/strict';
import { startDashboard, type DashboardFixture } from './dashboard-fixture.js';

const retryPath = '/queues/api/queues/changelog-cleanup/change-1/retry';
const retryAllPath = '/queues/api/queues/changelog-cleanup/retry/failed';

/** All that bull-board would do to a queue. */
const otherActions = [
  ['PUT', '/queues/pause'],
  ['PUT', '/queues/resume'],
  ['PUT', '/queues/changelog-cleanup/pause'],
  ['PUT', '/queues/changelog-cleanup/resume'],
  ['PUT', '/queues/changelog-cleanup/empty'],
  ['PUT', '/queues/changelog-cleanup/obliterate'],
  ['PUT', '/queues/changelog-cleanup/promote'],
  ['PUT', '/queues/changelog-cleanup/concurrency'],
  ['PUT', '/queues/changelog-cleanup/rate-limit'],
  ['PUT', '/queues/changelog-cleanup/rate-limit/release'],
  ['PUT', '/queues/changelog-cleanup/clean/failed'],
  ['PUT', '/queues/changelog-cleanup/retry/completed'],
  ['PUT', '/queues/changelog-cleanup/change-1/clean'],
  ['PUT', '/queues/changelog-cleanup/change-1/promote'],
  ['PUT', '/queues/changelog-cleanup/change-1/remove-unprocessed-children'],
  ['PUT', '/queues/changelog-cleanup/job-schedulers/x/remove'],
  ['PUT', '/queues/changelog-cleanup/job-schedulers/x/run'],
  ['PATCH', '/queues/changelog-cleanup/job-schedulers/x'],
  ['PATCH', '/queues/changelog-cleanup/change-1/update-data'],
  ['PATCH', '/queues/changelog-cleanup/change-1/delay'],
  ['PATCH', '/queues/changelog-cleanup/change-1/priority'],
  ['POST', '/queues/changelog-cleanup/add'],
] as const;

describe('the page of the dashboard', () => {
  let dashboard: DashboardFixture;
  beforeEach(async () => {
    dashboard = await startDashboard({ writable: true });
    dashboard.queues.failed.push({
      id: 'change-1',
      failedReason: 'UNREADABLE: of no known format',
    });
  });
  afterEach(() => dashboard.close());

  it('is where the address of the port leads', async () => {
    const { status, headers } = await dashboard.ask('/');
    assert.deepEqual([status, headers.location], [302, '/queues']);
    for (const path of ['/queues', '/queues/', '/queues/queue/changelog-cleanup?status=failed']) {
      const answer = await dashboard.ask(path);
      assert.match(answer.text, /<title>Holdfast queues<\/title>/, path);
      assert.match(answer.text, /<base href="\/queues\/" \/>/);
    }
  });

  it('names nothing of another host, and no style or script within itself', async () => {
    const { text } = await dashboard.ask('/queues');
    assert.doesNotMatch(text, /(?:https?:)?\/\/[a-z]/i);
    assert.doesNotMatch(
      text,
      /\sstyle=|<style|<script(?![^>]*(?:\ssrc="static\/|application\/json))/i,
    );
    assert.match(text, /<script defer src="static\/js\//);
  });

  it('lets a browser load and tell nothing that is not its own', async () => {
    for (const path of [
      '/queues',
      '/queues/api/queues',
      '/queues/nothing',
      '/queues/holdfast.css',
    ]) {
      const { headers } = await dashboard.ask(path);
      const policy = String(headers['content-security-policy']);
      assert.match(policy, /default-src 'none'.*script-src 'self';.*frame-ancestors 'none'/, path);
      assert.doesNotMatch(policy, /unsafe|https?:|\*/);
      assert.equal(headers['x-content-type-options'], 'nosniff');
      assert.equal(headers['referrer-policy'], 'no-referrer');
      assert.equal(headers['cross-origin-resource-policy'], 'same-origin');
      assert.equal(headers['cache-control'], 'no-store', path);
    }
  });

  it('has files that may be kept, of its own folder only', async () => {
    const { text } = await dashboard.ask('/queues');
    const [, script] = /src="(static\/js\/[^"]+)"/.exec(text) ?? [];
    const { status, headers } = await dashboard.ask(`/queues/${script}`);
    assert.deepEqual([status, headers['cache-control']], [200, 'private, max-age=3600']);
    assert.match(String(headers['content-type']), /javascript/);
    for (const path of [
      '../package.json',
      '..%2fpackage.json',
      '%2e%2e/package.json',
      '../../../../../etc/passwd',
      '..%5c..%5cx',
      '%00',
      '%',
    ]) {
      const answer = await dashboard.ask(`/queues/static/${path}`);
      assert.ok(
        answer.status === 404 || answer.text.includes('<title>'),
        `${path}: ${answer.status}`,
      );
      assert.doesNotMatch(answer.text, /"dependencies"|root:/);
    }
  });

  it('shows the queues with their jobs and why they failed', async () => {
    const { status, text } = await dashboard.ask(
      '/queues/api/queues?activeQueue=changelog-cleanup&status=failed',
    );
    assert.equal(status, 200);
    const { queues } = JSON.parse(text) as {
      queues: {
        name: string;
        displayName: string;
        description: string;
        readOnlyMode: boolean;
        jobs: { failedReason: string; attempts: number; data: object }[];
      }[];
    };
    assert.deepEqual(
      queues.map(({ name, displayName, readOnlyMode }) => [name, displayName, readOnlyMode]),
      [
        ['changelog-cleanup', 'Changelog cleanup', false],
        ['orphan-reclaim', 'Orphan reclaim', false],
        ['sweep', 'Sweep', true],
      ],
    );
    const [job] = queues[0]?.jobs ?? [];
    assert.equal(job?.failedReason, 'UNREADABLE: of no known format');
    assert.deepEqual([job.attempts, job.data], [10, { v: 1, changeId: '1' }]);
  });

  it('retries a dead letter, and audits who did it', async () => {
    assert.equal((await dashboard.change(retryPath)).status, 204);
    assert.deepEqual(dashboard.queues.retried, ['change-1']);
    const [line] = dashboard.lines().filter(({ audit }) => audit === true);
    const { level, user, address, action, queue, jobId, outcome } = line ?? {};
    assert.deepEqual(
      { level, user, address, action, queue, jobId, outcome },
      {
        level: 'warn',
        user: 'loopback',
        address: '127.0.0.1',
        action: 'retry',
        queue: 'changelog-cleanup',
        jobId: 'change-1',
        outcome: 'retried',
      },
    );
  });

  it('says when there is no such dead letter, and audits that too', async () => {
    const { status, text } = await dashboard.change(retryPath.replace('change-1', 'change-2'));
    assert.equal(status, 404);
    assert.match(text, /no dead letter/);
    const [line] = dashboard.lines().filter(({ audit }) => audit === true);
    assert.deepEqual([line?.['jobId'], line?.['outcome']], ['change-2', 'refused']);
  });

  it('retries all of a queue, a bounded number at once, and says how many are left', async () => {
    for (let at = 2; at <= 1_100; at += 1) {
      dashboard.queues.failed.push({ id: `change-${at}`, failedReason: '' });
    }
    const first = await dashboard.change(retryAllPath);
    assert.deepEqual(JSON.parse(first.text), { retried: 1_000, skipped: 100 });
    const second = await dashboard.change(retryAllPath);
    assert.deepEqual(JSON.parse(second.text), { retried: 100, skipped: 0 });
    const lines = dashboard.lines().filter(({ audit }) => audit === true);
    assert.deepEqual(
      lines.map(({ action, queue, retried }) => [action, queue, retried]),
      [
        ['retry-all', 'changelog-cleanup', 1_000],
        ['retry-all', 'changelog-cleanup', 100],
      ],
    );
  });

  it('does nothing else to a queue, whatever bull-board would do', async () => {
    for (const [method, path] of otherActions) {
      const { status } = await dashboard.change(`/queues/api${path}`, { method });
      assert.equal(status, method === 'PUT' ? 403 : 405, `${method} ${path}`);
    }
    assert.equal(dashboard.queues.failed.length, 1);
  });

  it('retries nothing of a queue that it only shows, or that there is none of', async () => {
    for (const queue of ['sweep', 'constructor', 'nothing', '..', '%2e%2e']) {
      for (const path of [retryPath, retryAllPath]) {
        const { status } = await dashboard.change(path.replace('changelog-cleanup', queue));
        assert.ok(status === 404 || status === 403, `${queue}: ${status}`);
      }
    }
    assert.deepEqual(dashboard.queues.retried, []);
  });

  it('says in its own words that Redis failed, and tells the log why', async () => {
    dashboard.queues.onAsked = () => Promise.reject(new Error('ECONNREFUSED 10.1.2.3'));
    for (const answer of [
      await dashboard.ask('/queues/api/queues'),
      await dashboard.change(retryPath),
      await dashboard.change(retryAllPath),
    ]) {
      assert.equal(answer.status, 500);
      assert.doesNotMatch(answer.text, /ECONN|10\.1|at |\.js|\.ts/);
      assert.match(answer.text, /log/);
    }
    assert.match(dashboard.logged(), /ECONNREFUSED.*the dashboard cannot read Redis/);
    const outcomes = dashboard.lines().filter(({ audit }) => audit === true);
    assert.deepEqual(
      outcomes.map(({ outcome }) => outcome),
      ['failed', 'failed'],
    );
    assert.equal((await dashboard.ask('/queues')).status, 200);
  });

  it('answers nonsense with an error, never with a stack', async () => {
    for (const path of [
      '/queues/api/queues?activeQueue=%',
      '/queues/api/queues?page=x',
      '/queues/api/queues?jobsPerPage=99999',
      '/queues/api/queues/%/x',
      '/queues/api/queues/nothing/x',
      '/queues/api/redis/stats',
      '/queues/api/nothing',
      '/queues/%ff',
    ]) {
      const { status, text } = await dashboard.ask(path);
      assert.ok(Number(status) >= 400, `${path}: ${status}`);
      assert.doesNotMatch(text, /\.js:|\.ts:|node_modules/, path);
    }
  });
});

describe('the page of a dashboard that only shows', () => {
  let dashboard: DashboardFixture;
  before(async () => {
    dashboard = await startDashboard({});
    dashboard.queues.failed.push({
      id: 'change-1',
      failedReason: 'UNREADABLE: of no known format',
    });
  });
  after(() => dashboard.close());

  it('offers nothing to do', async () => {
    const { text } = await dashboard.ask('/queues/api/queues');
    const { queues } = JSON.parse(text) as { queues: Record<string, unknown>[] };
    for (const { readOnlyMode, allowRetries } of queues) {
      assert.deepEqual([readOnlyMode, allowRetries], [true, false]);
    }
  });

  it('does nothing either', async () => {
    for (const path of [retryPath, retryAllPath]) {
      const { status, text } = await dashboard.change(path);
      assert.equal(status, 403);
      assert.match(text, /this page only shows/);
    }
    for (const [method, path] of otherActions) {
      const { status } = await dashboard.change(`/queues/api${path}`, { method });
      assert.equal(status, method === 'PUT' ? 403 : 405, `${method} ${path}`);
    }
    assert.deepEqual(dashboard.queues.retried, []);
  });
});
