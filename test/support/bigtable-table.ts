import {
  bigtableSchema,
  createBigtableAdmin,
  type BigtableAdmin,
  type BigtableOptions,
  type FamilySchema,
} from '@holdfast/tier-bigtable';
import { randomUUID } from 'node:crypto';
import { bigtableEmulator } from './bigtable-emulator.js';

/** An empty table of the emulator. */
export async function makeBigtableTable(): Promise<BigtableOptions> {
  const { families } = bigtableSchema;
  return makeTable(families, async (admin) => {
    // The emulator's garbage collector comes to life with the first change of a family.
    for (const family of families) await admin.updateFamily(family);
  });
}

/** For a time that is long past, in which the collector, which goes by the real one, would take all. */
export function makeUncollectedTable(): Promise<BigtableOptions> {
  const gcRule = { kind: 'versions', max: 1 } as const;
  return makeTable(bigtableSchema.families.map(({ name }) => ({ name, gcRule })));
}

async function makeTable(
  families: readonly FamilySchema[],
  prepare: (admin: BigtableAdmin) => Promise<void> = async () => undefined,
): Promise<BigtableOptions> {
  const place = {
    projectId: 'holdfast-tests',
    instanceId: 'tests',
    tableId: `t-${randomUUID()}`,
    emulatorHost: await bigtableEmulator(),
  };
  const admin = await createBigtableAdmin(place);
  await admin.createTable(families);
  await prepare(admin);
  await admin.close();
  return { ...place, connections: 1 };
}
