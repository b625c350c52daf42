import assert from 'node:assert/strict';
import { startGcsServer, type GcsServer } from '../support/gcs/gcs-server.js';
import {
  objectsPath,
  putGcs,
  sendGcs,
  testBucket,
  type GcsAnswer,
} from '../support/gcs/gcs-requests.js';

interface Page {
  readonly items?: readonly { readonly name: string }[];
  readonly nextPageToken?: string;
}

describe('the Cloud Storage server of tests: lists', () => {
  let server: GcsServer;

  beforeEach(async () => {
    server = await startGcsServer();
    server.createBucket(testBucket);
  });

  afterEach(() => server.close());

  const fill = async (...names: readonly string[]): Promise<void> => {
    for (const name of names) await sendGcs(server, putGcs(name, ''));
  };

  const ask = (query: Record<string, string>): Promise<GcsAnswer> =>
    sendGcs(server, { path: `${objectsPath}?${new URLSearchParams(query).toString()}` });

  const list = async (query: Record<string, string> = {}): Promise<Page> =>
    (await ask(query)).json();

  const names = (page: Page): readonly string[] => (page.items ?? []).map((one) => one.name);

  it('answers no items of an empty bucket', async () => {
    assert.deepEqual(await list(), { kind: 'storage#objects' });
  });

  it('orders names by their UTF-8 bytes', async () => {
    await fill('\u{1f600}', '\uffee', 'é', 'b', 'a', 'ab');
    assert.deepEqual(names(await list()), ['a', 'ab', 'b', 'é', '\uffee', '\u{1f600}']);
  });

  it('answers page after page, and a token only while more follow', async () => {
    await fill('a', 'b', 'c', 'd');
    const first = await list({ maxResults: '2' });
    assert.deepEqual(names(first), ['a', 'b']);
    const second = await list({ maxResults: '2', pageToken: first.nextPageToken ?? '' });
    assert.deepEqual(names(second), ['c', 'd']);
    assert.equal(second.nextPageToken, undefined);
  });

  it('goes on after a page though its objects went meanwhile', async () => {
    await fill('a', 'b', 'c');
    const { nextPageToken = '' } = await list({ maxResults: '1' });
    await sendGcs(server, { method: 'DELETE', path: `${objectsPath}/a` });
    assert.deepEqual(names(await list({ pageToken: nextPageToken })), ['b', 'c']);
  });

  it('lists the names of a prefix between two offsets', async () => {
    await fill('a/1', 'a/2', 'a/3', 'a/4', 'b/1');
    const page = await list({ prefix: 'a/', startOffset: 'a/2', endOffset: 'a/4' });
    assert.deepEqual(names(page), ['a/2', 'a/3']);
    assert.deepEqual(names(await list({ prefix: 'b' })), ['b/1']);
    assert.deepEqual(names(await list({ prefix: 'c' })), []);
  });

  it('refuses tokens that it did not give, limits and delimiters', async () => {
    await fill('a');
    await fill('b');
    const { nextPageToken: pageToken = '' } = await list({ maxResults: '1' });
    const refused: readonly Record<string, string>[] = [
      { pageToken: 'made-up' },
      { pageToken, prefix: 'b' },
      { pageToken: pageToken.replace(/=*$/u, '!') },
      { maxResults: '0' },
      { maxResults: '-1' },
      { delimiter: '/' },
    ];
    for (const query of refused) {
      assert.equal((await ask(query)).status, 400, JSON.stringify(query));
    }
  });

  it('gives tokens that a query must encode', async () => {
    await fill('?>~a', '?>~b');
    const { nextPageToken = '' } = await list({ maxResults: '1' });
    assert.match(nextPageToken, /[+/=]/u);
  });

  it('may answer fewer than were asked for', async () => {
    await server.close();
    server = await startGcsServer({ listItemsMax: 1 });
    server.createBucket(testBucket);
    await fill('a', 'b');
    const page = await list({ maxResults: '10' });
    assert.deepEqual(names(page), ['a']);
    assert.notEqual(page.nextPageToken, undefined);
  });
});
