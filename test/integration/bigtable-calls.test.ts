import { hasCode, limits, parseStoragePrefix } from '@holdfast/domain';
import { createRowFixtures, plain, type RowFixtures } from '@holdfast/testkit';
import assert from 'node:assert/strict';
import { setCell } from '../../packages/tier-bigtable/src/mutations.js';
import { cellTime, rowKeyOf } from '../../packages/tier-bigtable/src/row-cells.js';
import { requireBigtableEmulator } from '../support/bigtable-emulator.js';
import { startBigtableProxy, type BigtableProxy } from '../support/bigtable-proxy.js';
import {
  openTemporaryBigtableStore,
  type TemporaryBigtableStore,
} from '../support/bigtable-store.js';

/** Bytes of an answer in which there is no payload. */
const few = 4_096;

describe('a Bigtable store, in calls and bytes,', () => {
  let proxy: BigtableProxy;
  let store: TemporaryBigtableStore;
  let make: RowFixtures;

  before(async function () {
    requireBigtableEmulator(this);
    proxy = await startBigtableProxy();
    store = await openTemporaryBigtableStore({ emulatorHost: proxy.emulatorHost });
    make = createRowFixtures(store.clock);
  });
  after(async () => {
    await store?.close();
    await proxy?.close();
  });

  async function callsOf(operation: () => Promise<unknown>): Promise<number> {
    const before = proxy.calls();
    await operation();
    return proxy.calls() - before;
  }

  async function bytesOf(operation: () => Promise<unknown>): Promise<number> {
    const before = proxy.answeredBytes();
    await operation();
    return proxy.answeredBytes() - before;
  }

  it('makes one call for each operation that does what it was asked for', async () => {
    const { highVolumeTier: tier, changeLog: log } = store;
    const id = make.id();
    const row = make.inline('x', make.idleIn(1_000));
    const { timeExpires, revision } = row.metadata;
    const [first, second] = [make.changeId(), make.changeId()];
    const change = { changeId: first, objectId: id, deadline: store.clock.now() };
    assert.ok(timeExpires);
    const later = (timeExpires + 1) as typeof timeExpires;
    const operations: readonly (readonly [string, () => Promise<unknown>, unknown])[] = [
      ['putInline', () => tier.putInline(id, row), 'stored'],
      ['extend', () => tier.extend(id, revision, later), 'extended'],
      ['begin', () => tier.begin(id, first), undefined],
      ['record', () => log.record(change), undefined],
      ['defer', () => log.defer(first, later), 'deferred'],
      ['commit', () => tier.commit(id, first, make.tombstone(id)), 'committed'],
      ['remove', () => log.remove(first), undefined],
      ['begin again', () => tier.begin(id, second), undefined],
      ['fence', () => tier.fence(id, second), undefined],
      ['deleteInline', () => tier.deleteInline(make.id()), 'deleted'],
    ];
    for (const [name, operation, answer] of operations) {
      const calls = await callsOf(async () => assert.equal(await operation(), answer, name));
      assert.equal(calls, 1, name);
    }
    const prefix = parseStoragePrefix({ usecase: 'contract', scopes: [] });
    const reads: Readonly<Record<string, () => Promise<unknown>>> = {
      read: () => tier.read(id),
      readHead: () => tier.readHead(id),
      get: () => log.get(first),
      list: () => tier.list(prefix, undefined, 100),
      listRows: () => tier.listRows(undefined, 100),
    };
    for (const [name, read] of Object.entries(reads)) assert.equal(await callsOf(read), 1, name);
  });

  it('makes a second call only to say why the first was refused', async () => {
    const { highVolumeTier: tier } = store;
    const id = make.id();
    const changeId = make.changeId();
    await tier.begin(id, changeId);
    await tier.commit(id, changeId, make.tombstone(id));
    assert.equal(await callsOf(() => tier.putInline(id, make.inline('x'))), 2);
    assert.equal(await callsOf(() => tier.deleteInline(id)), 2);
    assert.equal(await callsOf(() => tier.commit(id, changeId, make.tombstone(id))), 2);
  });

  it('reads a page of changes with one call for each of its 16 shards', async () => {
    assert.equal(await callsOf(() => store.changeLog.list({ examinedMax: 100 })), 16);
  });

  it('transfers no payload to show what a row is', async () => {
    const { highVolumeTier: tier } = store;
    const id = make.id('large', 'bytes');
    const size = limits.inlineThresholdBytes;
    const payload = Buffer.alloc(size, 'payload');
    const row = { ...make.inline('', { size }), payload };
    await tier.putInline(id, row);
    const prefix = parseStoragePrefix({ usecase: 'bytes', scopes: [] });
    assert.ok((await bytesOf(() => tier.readHead(id))) < few);
    assert.ok((await bytesOf(() => tier.list(prefix, undefined, 10))) < few);
    assert.ok((await bytesOf(() => tier.listRows(undefined, 100))) < few);
    assert.ok((await bytesOf(() => tier.putInline(id, row))) < few);
    const read = await bytesOf(async () =>
      assert.deepEqual(plain(await tier.read(id)), plain(row)),
    );
    assert.ok(read > size);
  });

  it('transfers nothing of columns that it does not know', async () => {
    const { highVolumeTier: tier } = store;
    const id = make.id('newer', 'newer');
    const value = Buffer.alloc(limits.inlineThresholdBytes);
    const timestampMicros = cellTime(store.clock.now());
    const cell = { columnQualifier: Buffer.from('q'), timestampMicros, value };
    await store.tamper(rowKeyOf(id), [
      setCell({ ...cell, familyName: 'e' }),
      setCell({ ...cell, familyName: 'm' }),
    ]);
    const prefix = parseStoragePrefix({ usecase: 'newer', scopes: [] });
    const head = () => assert.rejects(tier.readHead(id), (error) => hasCode(error, 'UNREADABLE'));
    assert.ok((await bytesOf(head)) < few);
    const list = async () =>
      assert.deepEqual((await tier.list(prefix, undefined, 10)).undecided, [id.path]);
    assert.ok((await bytesOf(list)) < few);
  });

  it('lists many rows without any of their payloads', async () => {
    const { highVolumeTier: tier } = store;
    const ids = Array.from({ length: 50 }, (_, index) => make.id(`many-${index}`, 'many'));
    await Promise.all(ids.map((id) => tier.putInline(id, make.inline('y'.repeat(20_000)))));
    const before = proxy.answeredBytes();
    const page = await tier.list(
      parseStoragePrefix({ usecase: 'many', scopes: [] }),
      undefined,
      1_000,
    );
    assert.equal(page.objects.length, ids.length);
    assert.ok(proxy.answeredBytes() - before < 100_000);
  });
});
