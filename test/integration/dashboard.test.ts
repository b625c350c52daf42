import assert from 'node:assert/strict';
import { join } from 'node:path';
import {
  openBrowser,
  requireBrowser,
  type Browser,
  type Locator,
  type Page,
} from '../support/browser.js';
import { waitUntil } from '../support/cluster-wait.js';
import { requireRedis } from '../support/redis.js';
import {
  addDelayed,
  addLetter,
  addUnknownLetter,
  changeOf,
  startDashboardBed,
} from './dashboard-bed.js';
import type { DashboardBed } from './dashboard-bed.js';

const reason = { reason: 'UNREADABLE', message: 'the row of this change is of no known format' };
const failedPath = '/queues/queue/changelog-cleanup?status=failed';
/** Redis may be found dead in the middle of an answer, which takes its time. */
const noticedMsMax = 30_000;

const seen = (locator: Locator): Promise<void> => locator.first().waitFor({ state: 'visible' });
const card = (page: Page, jobId: string): Locator => page.getByText(jobId, { exact: true });
const actions = (page: Page): Locator => page.locator('[class*="jobActions-"] button:visible');

async function gone(locator: Locator): Promise<void> {
  await waitUntil(
    'it is gone from the page',
    () => locator.count(),
    (count) => count === 0,
  );
}

/** The page stayed with its own host, and tried nothing that it may not do. */
function assertStayedHome(browser: Browser, { url }: DashboardBed): void {
  assert.deepEqual(
    browser.requested().filter((asked) => !asked.startsWith(`${url}/`)),
    [],
  );
  assert.deepEqual(browser.complaints(), []);
  assert.ok(browser.requested().some((asked) => asked.includes('/queues/static/js/')));
}

describe('the dashboard in a browser', function () {
  let bed: DashboardBed;
  let browser: Browser;
  let page: Page;

  before(async function () {
    requireRedis(this);
    requireBrowser(this);
    bed = await startDashboardBed({ writable: true });
  });
  after(() => bed?.close());

  beforeEach(async () => {
    await bed.redis.flush();
    browser = await openBrowser();
    page = browser.page;
  });
  afterEach(async () => {
    await browser.close();
    assertStayedHome(browser, bed);
  });

  it('shows why a cleanup keeps failing, retries it, and it is gone once it succeeds', async () => {
    const jobId = await addLetter(bed, changeOf(1), reason);
    await page.goto(bed.url);
    for (const name of ['Changelog cleanup', 'Orphan reclaim', 'Sweep']) {
      await seen(page.getByRole('link', { name, exact: true }));
    }
    await page.getByRole('link', { name: 'Changelog cleanup', exact: true }).click();
    await page.getByRole('link', { name: /^failed/i }).click();
    await seen(card(page, jobId));
    await seen(page.getByText('UNREADABLE: the row of this change is of no known format'));
    await seen(page.getByText('attempt #2'));
    await page.getByRole('tab', { name: 'Data' }).click();
    await seen(page.getByRole('tabpanel').filter({ hasText: changeOf(1) }));

    bed.handle = () => Promise.resolve(undefined);
    await actions(page).click();
    await page.getByRole('button', { name: 'Confirm' }).click();
    await gone(card(page, jobId));
    await page.getByRole('link', { name: /^completed/i }).click();
    await seen(card(page, jobId));
    const [stats] = await bed.queues.stats();
    assert.equal(stats?.deadLetters, 0);

    const audited = bed.audited().map(({ user, action, queue, jobId: id, outcome }) => {
      return { user, action, queue, jobId: id, outcome };
    });
    const queue = 'changelog-cleanup';
    assert.deepEqual(audited, [
      { user: 'loopback', action: 'retry', queue, jobId, outcome: 'retried' },
    ]);
  });

  it('gives a retried job all of its attempts again', async () => {
    const jobId = await addLetter(bed, changeOf(2), reason);
    await page.goto(bed.url + failedPath);
    await seen(card(page, jobId));
    let attempts = 0;
    bed.handle = () => {
      attempts += 1;
      return attempts === 1 ? Promise.reject(new Error('once more')) : Promise.resolve(undefined);
    };
    await actions(page).click();
    await page.getByRole('button', { name: 'Confirm' }).click();
    await gone(card(page, jobId));
    await waitUntil(
      'the second attempt succeeded',
      () => bed.queues.boards[0]?.getJobState(jobId),
      (state) => state === 'completed',
    );
  });

  it('retries all dead letters of a queue, those that no version can read among them', async () => {
    const jobIds = [
      await addLetter(bed, changeOf(3), reason),
      await addLetter(bed, changeOf(4), reason),
      await addUnknownLetter(bed, 'from-the-future'),
    ];
    await page.goto(bed.url + failedPath);
    for (const jobId of jobIds) await seen(card(page, jobId));
    await seen(page.getByText('UNKNOWN_JOB: '));
    bed.handle = () => Promise.resolve(undefined);
    await page.getByRole('button', { name: 'Retry all' }).click();
    await page.getByRole('button', { name: 'Confirm' }).click();
    for (const jobId of jobIds.slice(0, 2)) await gone(card(page, jobId));
    // It was tried again, and is what it was.
    await seen(card(page, 'from-the-future'));
    const [audited] = bed.audited().slice(-1);
    assert.deepEqual([audited?.['action'], audited?.['retried']], ['retry-all', 3]);
  });

  it('offers nothing but retries', async () => {
    await addLetter(bed, changeOf(5), reason);
    bed.handle = () => Promise.resolve(undefined);
    await addDelayed(bed, 1);
    await page.goto(bed.url + failedPath);
    await seen(actions(page));
    assert.equal(await actions(page).count(), 1);
    const all = page.locator('[class*="queueActions-"] button:visible');
    assert.deepEqual(await all.allInnerTexts(), ['Retry all']);
    const menus = page.locator('button:visible:has(.lucide-ellipsis-vertical)');
    assert.equal(await menus.count(), 0);

    await page.goto(`${bed.url}/queues/queue/changelog-cleanup?status=delayed`);
    await seen(page.getByText('Will run at'));
    assert.equal(await actions(page).count(), 0);
    assert.equal(await all.count(), 0);

    await page.goto(bed.url);
    await menus.click();
    const items = page.locator('[role="menuitem"]:visible');
    await seen(items);
    for (const text of await items.allInnerTexts()) assert.match(text, /^(retry|sort)/i);
  });

  it('says when Redis is gone, and goes on when it is back', async () => {
    const jobId = await addLetter(bed, changeOf(7), reason);
    await bed.redis.kill();
    await page.goto(bed.url + failedPath);
    await page.getByText('Redis cannot be read').first().waitFor({ timeout: noticedMsMax });
    await bed.redis.start();
    await card(page, jobId).first().waitFor({ timeout: noticedMsMax });
  });

  it('says when Redis hangs, and goes on when it answers again', async () => {
    const jobId = await addLetter(bed, changeOf(8), reason);
    bed.redis.pause();
    await page.goto(bed.url + failedPath);
    await page
      .getByText(/Redis did not answer|Redis cannot be read/)
      .first()
      .waitFor({ timeout: noticedMsMax });
    bed.redis.resume();
    await card(page, jobId).first().waitFor({ timeout: noticedMsMax });
  });
});

describe('the dashboard with a user of Redis that may do no more than it must', () => {
  let bed: DashboardBed;

  before(async function () {
    requireRedis(this);
    requireBrowser(this);
    bed = await startDashboardBed({ writable: true, isRestricted: true });
  });
  after(() => bed?.close());

  it('shows and retries all the same, and asks for nothing that is refused', async () => {
    const jobId = await addLetter(bed, changeOf(1), reason);
    bed.handle = () => Promise.resolve(undefined);
    const browser = await openBrowser();
    const { page } = browser;
    await page.goto(`${bed.url}/queues/queue/changelog-cleanup/${jobId}`);
    await seen(actions(page));
    await page.goto(bed.url + failedPath);
    await seen(actions(page));
    await actions(page).click();
    await page.getByRole('button', { name: 'Confirm' }).click();
    await gone(card(page, jobId));
    await browser.close();
    assert.deepEqual(await bed.redis.send('ACL', 'LOG'), []);
  });
});

describe('the dashboard in a browser, with credentials and read-only', () => {
  const signIn = { username: 'ada', password: 'open, sesame' };
  let bed: DashboardBed;

  before(async function () {
    requireRedis(this);
    requireBrowser(this);
    bed = await startDashboardBed({ signIn });
  });
  after(() => bed?.close());

  it('shows everything to who signs in, and no button to retry', async () => {
    const jobId = await addLetter(bed, changeOf(1), reason);
    const browser = await openBrowser({ signIn });
    const { page } = browser;
    await page.goto(bed.url + failedPath);
    await seen(card(page, jobId));
    await seen(page.getByText('UNREADABLE: the row of this change is of no known format'));
    assert.equal(await page.locator('button:has(.lucide-refresh-cw)').count(), 0);
    assert.equal(await actions(page).count(), 0);
    assertStayedHome(browser, bed);
    await browser.close();
  });

  it('shows nothing to who does not', async () => {
    const browser = await openBrowser({ signIn: { ...signIn, password: 'guess' } });
    const answer = await browser.page.goto(bed.url + failedPath);
    assert.equal(answer?.status(), 401);
    assert.match(await browser.page.innerText('body'), /^user name and password are needed$/m);
    await browser.close();
  });
});

const picture = join(import.meta.dirname, '../../docs/images/dashboard.png');

/** `HOLDFAST_SCREENSHOTS=1 npx mocha test/integration/dashboard.test.ts -g picture` takes it anew. */
if (process.env['HOLDFAST_SCREENSHOTS'] === '1') {
  it('the picture of the dashboard is taken', async () => {
    const bed = await startDashboardBed({ writable: true });
    const letters = [
      ['TIER_UNAVAILABLE', 'the long-term tier cannot delete: permission denied'],
      ['UNREADABLE', 'the row of this change is of no known format'],
    ] as const;
    for (const [number, [code, message]] of letters.entries()) {
      await addLetter(bed, changeOf(0x5e1f_0a51_c3d0 + 77 * number), { reason: code, message });
    }
    await addDelayed(bed, 12);
    const browser = await openBrowser();
    await browser.page.setViewportSize({ width: 1_280, height: 960 });
    await browser.page.goto(bed.url + failedPath);
    await seen(actions(browser.page));
    await browser.page.screenshot({ path: picture });
    await browser.close();
    await bed.close();
  });
}
