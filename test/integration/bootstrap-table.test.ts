import { nativeChecksum as checksum, systemClock as clock } from '@holdfast/service-kit';
import {
  bootstrapAll,
  bootstrapStorage,
  openStorage,
  tellEntry,
  type StorageSettings,
} from '@holdfast/storage';
import { bigtableSchema, createBigtableAdmin, type BigtableAdmin } from '@holdfast/tier-bigtable';
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { bigtableEmulator, requireBigtableEmulator } from '../support/bigtable-emulator.js';
import { freePorts } from '../support/cluster-ports.js';
import { createClosers } from '../support/redis-closers.js';
import { storageSettingsOf } from '../support/storage-settings.js';

describe('The bootstrap of the table', () => {
  let storage: StorageSettings;
  let name = '';
  let admin: BigtableAdmin;
  const closers = createClosers();

  before(function () {
    requireBigtableEmulator(this);
  });
  beforeEach(async () => {
    const table = `t-${randomUUID()}`;
    name = `table ${table} of projects/holdfast-tests/instances/tests`;
    const place = { project: 'holdfast-tests', instance: 'tests', table };
    const emulatorHost = await bigtableEmulator();
    storage = storageSettingsOf({
      highVolume: { kind: 'bigtable', ...place, emulatorHost },
      longTerm: { kind: 'none' },
    });
    const { project: projectId, instance: instanceId } = place;
    const placeOfTable = { projectId, instanceId, tableId: table, emulatorHost };
    admin = closers.add(await createBigtableAdmin(placeOfTable));
  });
  afterEach(() => closers.closeAll());

  async function run(checkOnly: boolean) {
    const plan = { storage, redis: undefined, jobsAtOnceMax: 1 };
    const { entries, isSound } = await bootstrapAll(plan, { checkOnly });
    return { isSound, lines: entries.map(tellEntry) };
  }

  it('makes it once, with all its families and rules, and a store can be opened on it', async () => {
    assert.deepEqual(await run(true), { isSound: false, lines: [`${name}: missing`] });
    assert.equal(await admin.readFamilies(), undefined);
    assert.deepEqual(await run(false), { isSound: true, lines: [`${name}: made`] });
    assert.equal((await admin.readFamilies())?.length, bigtableSchema.families.length);
    const existing = { isSound: true, lines: [`${name}: exists`] };
    assert.deepEqual(await run(false), existing);
    assert.deepEqual(await run(true), existing);
    const store = await openStorage(storage, { inlineThresholdBytes: 1 }, { clock, checksum });
    assert.deepEqual((await store.changeLog.list({ examinedMax: 1 })).changes, []);
    assert.match(store.warnings.join(), /the Bigtable emulator at .* is in use/);
    await store.close();
  });

  it('puts right a family that is missing and a rule that is another one', async () => {
    await admin.createTable([
      { name: 'e', gcRule: { kind: 'versions', max: 3 } },
      { name: 'm', gcRule: { kind: 'versions', max: 1 } },
    ]);
    const drift =
      'family e: cells are collected beyond 3 versions instead of (after 3600 s or beyond 1 version); family i is missing';
    assert.deepEqual(await run(true), { isSound: false, lines: [`${name}: drifted: ${drift}`] });
    assert.deepEqual(await run(false), { isSound: true, lines: [`${name}: mended: ${drift}`] });
    assert.deepEqual(await run(true), { isSound: true, lines: [`${name}: exists`] });
  });

  it('is safe for many at once', async () => {
    const reports = await Promise.all(Array.from({ length: 8 }, () => bootstrapStorage(storage)));
    assert(reports.every(({ isSound }) => isSound));
    assert.deepEqual(await run(true), { isSound: true, lines: [`${name}: exists`] });
  });

  it('fails where nobody answers, and says which table it is about', async () => {
    const [port = 0] = await freePorts(1);
    const { highVolume } = storage;
    assert(highVolume.kind === 'bigtable');
    storage = { ...storage, highVolume: { ...highVolume, emulatorHost: `127.0.0.1:${port}` } };
    const { isSound, lines } = await run(false);
    assert.equal(isSound, false);
    assert.match(lines.join(), new RegExp(`^${name}: failed: .*unavailable`));
  });
});
