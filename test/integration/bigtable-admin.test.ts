import { hasCode } from '@holdfast/domain';
import { bigtableSchema, createBigtableAdmin, type BigtableAdmin } from '@holdfast/tier-bigtable';
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { bigtableEmulator, requireBigtableEmulator } from '../support/bigtable-emulator.js';
import { freePorts } from '../support/cluster-ports.js';

const byName = bigtableSchema.families.toSorted((left, right) => (left.name < right.name ? -1 : 1));

describe('the administration of a Bigtable table', () => {
  const opened: BigtableAdmin[] = [];

  before(function () {
    requireBigtableEmulator(this);
  });
  afterEach(async () => {
    for (const admin of opened.splice(0)) await admin.close();
  });

  async function openAdmin(tableId: string, emulatorHost?: string): Promise<BigtableAdmin> {
    const host = emulatorHost ?? (await bigtableEmulator());
    const place = { projectId: 'p', instanceId: 'i', tableId, emulatorHost: host };
    const admin = await createBigtableAdmin(place);
    opened.push(admin);
    return admin;
  }

  const newTableId = (): string => `t-${randomUUID()}`;

  it('knows no table before it is made, and its families after', async () => {
    const admin = await openAdmin(newTableId());
    assert.equal(await admin.readFamilies(), undefined);
    assert.equal(await admin.createTable(bigtableSchema.families), 'created');
    assert.deepEqual(await admin.readFamilies(), byName);
  });

  it('leaves a table as it is that exists', async () => {
    const admin = await openAdmin(newTableId());
    const [first] = byName;
    assert.ok(first);
    await admin.createTable([first]);
    assert.equal(await admin.createTable(bigtableSchema.families), 'exists');
    assert.deepEqual(await admin.readFamilies(), [first]);
  });

  it('makes a family that is missing, and leaves one as it is that exists', async () => {
    const admin = await openAdmin(newTableId());
    const [first, second] = byName;
    assert.ok(first !== undefined && second !== undefined);
    await admin.createTable([first]);
    assert.equal(await admin.createFamily(second), 'created');
    const other = { name: second.name, gcRule: { kind: 'versions', max: 7 } } as const;
    assert.equal(await admin.createFamily(other), 'exists');
    assert.deepEqual(await admin.readFamilies(), [first, second]);
  });

  it('replaces the rule of a family', async () => {
    const admin = await openAdmin(newTableId());
    const [first] = byName;
    assert.ok(first);
    await admin.createTable([{ name: first.name, gcRule: { kind: 'versions', max: 7 } }]);
    await admin.updateFamily(first);
    await admin.updateFamily(first);
    assert.deepEqual(await admin.readFamilies(), [first]);
  });

  it('may be at work in many processes at once', async () => {
    const tableId = newTableId();
    const admins = await Promise.all(Array.from({ length: 5 }, () => openAdmin(tableId)));
    const made = await Promise.all(admins.map((admin) => admin.createTable([])));
    assert.equal(made.filter((answer) => answer === 'created').length, 1);
    for (const family of byName) {
      const answers = await Promise.all(admins.map((admin) => admin.createFamily(family)));
      assert.equal(answers.filter((answer) => answer === 'created').length, 1);
    }
    assert.deepEqual(await admins[0]?.readFamilies(), byName);
  });

  it('says so when nobody listens', async () => {
    const [port = 0] = await freePorts(1);
    const admin = await openAdmin(newTableId(), `127.0.0.1:${port}`);
    await assert.rejects(admin.readFamilies(), (error) => hasCode(error, 'TIER_UNAVAILABLE'));
  });
});
