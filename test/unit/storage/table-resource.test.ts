import type { FamilySchema } from '@holdfast/tier-bigtable';
import assert from 'node:assert/strict';
import { mendResource } from '../../../packages/storage/src/bootstrap/mend-resource.js';
import { tableResource, type TableAdmin } from '../../../packages/storage/src/bootstrap/table.js';

const oneVersion = { kind: 'versions', max: 1 } as const;
const hour = { kind: 'age', ms: 3_600_000 } as const;
const wanted: readonly FamilySchema[] = [
  { name: 'm', gcRule: oneVersion },
  { name: 'e', gcRule: { kind: 'any', of: [oneVersion, hour] } },
];

/** A table in memory, with what was done to it. */
function fakeAdmin(found?: readonly FamilySchema[]) {
  const tables: { families: Map<string, FamilySchema> | undefined } = {
    families: found === undefined ? undefined : new Map(found.map((one) => [one.name, one])),
  };
  const calls: string[] = [];
  const admin: TableAdmin = {
    readFamilies: async () => tables.families && [...tables.families.values()],
    async createTable(families) {
      calls.push('createTable');
      if (tables.families !== undefined) return 'exists';
      tables.families = new Map(families.map((one) => [one.name, one]));
      return 'created';
    },
    async createFamily(family) {
      calls.push(`createFamily ${family.name}`);
      if (tables.families?.has(family.name) === true) return 'exists';
      tables.families?.set(family.name, family);
      return 'created';
    },
    async updateFamily(family) {
      calls.push(`updateFamily ${family.name}`);
      tables.families?.set(family.name, family);
    },
  };
  return { admin, calls, tables, resource: tableResource('table', wanted, async () => admin) };
}

describe('The table as a resource', () => {
  it('is made with its families and their rules', async () => {
    const { resource, calls, tables } = fakeAdmin();
    assert.deepEqual(await mendResource(resource), { kind: 'made' });
    assert.deepEqual([...(tables.families?.values() ?? [])], wanted);
    assert.deepEqual(await mendResource(resource), { kind: 'exists' });
    assert.deepEqual(calls, ['createTable']);
  });

  it('gets the family that it lacks, and the rule that differs', async () => {
    const { resource, calls } = fakeAdmin([{ name: 'e', gcRule: oneVersion }]);
    assert.deepEqual(await mendResource(resource), {
      kind: 'mended',
      drift: [
        'family m is missing',
        'family e: cells are collected beyond 1 version instead of (after 3600 s or beyond 1 version)',
      ],
    });
    assert.deepEqual(calls, ['createFamily m', 'updateFamily e']);
  });

  it('may have families of others, and rules that say the same in another way', async () => {
    const nested = { kind: 'any', of: [hour, { kind: 'all', of: [hour] }] } as const;
    const { resource, calls } = fakeAdmin([
      { name: 'e', gcRule: { kind: 'any', of: [nested, oneVersion] } },
      { name: 'm', gcRule: { kind: 'any', of: [oneVersion] } },
      { name: 'theirs', gcRule: { kind: 'none' } },
    ]);
    assert.deepEqual(await mendResource(resource), { kind: 'exists' });
    assert.deepEqual(calls, []);
  });

  it('that somebody else has just made otherwise is mended at once', async () => {
    const { admin, tables } = fakeAdmin();
    const beaten: TableAdmin = {
      ...admin,
      async createTable() {
        tables.families = new Map([['m', { name: 'm', gcRule: { kind: 'none' } }]]);
        return 'exists';
      },
    };
    const resource = tableResource('table', wanted, async () => beaten);
    assert.deepEqual(await mendResource(resource), { kind: 'made' });
    assert.deepEqual([...(tables.families?.values() ?? [])], wanted);
  });

  it('that cannot be spoken to has failed', async () => {
    const resource = tableResource('table', wanted, () =>
      Promise.reject(new Error('no credentials')),
    );
    assert.deepEqual(await mendResource(resource), { kind: 'failed', why: 'no credentials' });
  });
});
