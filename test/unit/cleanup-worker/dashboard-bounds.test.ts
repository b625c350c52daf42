import assert from 'node:assert/strict';
import { waitUntil } from '../../support/cluster-wait.js';
import { startDashboard, type DashboardFixture } from './dashboard-fixture.js';

describe('what a request to the dashboard costs', () => {
  let dashboard: DashboardFixture;
  beforeEach(async () => {
    dashboard = await startDashboard({});
    dashboard.queues.failed.push({ id: 'change-1', failedReason: 'UNREADABLE: no' });
  });
  afterEach(() => dashboard.close());

  it('has no more read than a page of jobs, whatever it is asked for', async () => {
    let asked = 0;
    dashboard.queues.onAsked = () => Promise.resolve(void (asked += 1));
    const wrong = [
      ...['101', '100000', '1e5', '0x10', '0', '-1', '1.5', '+5', '%205', '%D9%A3', '', 'NaN'].map(
        (text) => `jobsPerPage=${text}`,
      ),
      'jobsPerPage',
      'jobsPerPage=10&jobsPerPage=100000',
      'jobsPerPage=10&jobsPerPage=10',
      'jobsPerPage=10&jobs%50erPage=100000',
      'page=1000001',
      'page=1e300',
      'page=1&page=2',
      'depth=11',
      'maxChildren=1000',
    ];
    for (const query of wrong) {
      const path = `/queues/api/queues?activeQueue=changelog-cleanup&status=failed&${query}`;
      for (const method of ['GET', 'HEAD']) {
        assert.equal((await dashboard.ask(path, { method })).status, 400, `${method} ${query}`);
      }
    }
    assert.equal(asked, 0);
    for (const query of ['jobsPerPage=100', 'jobsPerPage=1&page=1000000', 'page=2']) {
      const path = `/queues/api/queues?activeQueue=changelog-cleanup&status=failed&${query}`;
      assert.equal((await dashboard.ask(path)).status, 200, query);
    }
  });

  it('has a bounded number of lines of the log of a job read', async () => {
    for (let line = 1; line <= 1_500; line += 1) dashboard.queues.logLines.push(`line ${line}`);
    const { text } = await dashboard.ask('/queues/api/queues/changelog-cleanup/change-1/logs');
    const lines = JSON.parse(text) as string[];
    assert.deepEqual([lines.length, lines[0]], [1_000, 'line 1']);
  });
});

describe('the page of the dashboard when Redis does not answer', () => {
  let dashboard: DashboardFixture;
  before(async () => {
    dashboard = await startDashboard({ writable: true });
  });
  after(() => dashboard.close());

  it('says so in bounded time, begins no more than a bounded number, and recovers', async () => {
    let asked = 0;
    let answer = (): void => {};
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    dashboard.queues.onAsked = () => {
      asked += 1;
      return answered;
    };
    const begun = Array.from({ length: 32 }, () => dashboard.ask('/queues/api/queues'));
    // Those whose turn has not come wait for that as well.
    await waitUntil('all are waiting', dashboard.clock.sleepers, (count) => count === 4 + 2 * 28);
    assert.equal((await dashboard.ask('/queues/api/queues')).status, 503);
    const askedByOne = asked / 4;
    dashboard.clock.advance(5_000);
    const answers = await Promise.all(begun);
    const late = answers.filter(({ status }) => status === 504);
    assert.equal(late.length, 4);
    for (const { text } of late) assert.match(text, /"Redis did not answer within 5 s"/);
    assert.equal(answers.filter(({ status }) => status === 503).length, 28);
    // Those that were begun are not over: nothing has become of them yet.
    const next = dashboard.ask('/queues/api/queues');
    await waitUntil('it is waiting', dashboard.clock.sleepers, (count) => count === 2);
    dashboard.clock.advance(5_000);
    assert.equal((await next).status, 503);
    assert.equal(asked, 4 * askedByOne);
    assert.equal((await dashboard.ask('/queues')).status, 200);
    assert.equal((await dashboard.ask('/healthz')).status, 200);
    answer();
    await answered;
    assert.equal((await dashboard.ask('/queues/api/queues')).status, 200);
  });
});
