import type { BigtableAdmin, FamilySchema } from '@holdfast/tier-bigtable';
import { bigtableOptions } from '../open/tier-options.js';
import type { BigtableSettings } from '../settings/high-volume-settings.js';
import { gcRuleText } from './gc-rule-text.js';
import type { OpenedResources } from './opened-resources.js';
import type { Resource } from './resource.js';

export type TableAdmin = Pick<
  BigtableAdmin,
  'readFamilies' | 'createTable' | 'createFamily' | 'updateFamily'
>;

/**
 * The table, its families and what becomes of old cells in them. The instance is not made here: how large
 * it is and where is for those to decide who pay for it.
 */
export async function openTableResource(settings: BigtableSettings): Promise<OpenedResources> {
  const { createBigtableAdmin, bigtableSchema } = await import('@holdfast/tier-bigtable');
  const { project, instance, table } = settings;
  const name = `table ${table} of projects/${project}/instances/${instance}`;
  let opening: Promise<BigtableAdmin> | undefined;
  // What it takes to open it, credentials for one, may be missing: that is for the report.
  const admin = (): Promise<BigtableAdmin> =>
    (opening ??= createBigtableAdmin(bigtableOptions(settings)));
  return {
    resources: [tableResource(name, bigtableSchema.families, admin)],
    close: async () => {
      const opened = await opening?.catch(() => undefined);
      await opened?.close();
    },
  };
}

/** Families beside those that are wanted are somebody else's, and do no harm. */
export function tableResource(
  name: string,
  wanted: readonly FamilySchema[],
  admin: () => Promise<TableAdmin>,
): Resource {
  async function makeTable(to: TableAdmin): Promise<readonly FamilySchema[]> {
    await to.createTable(wanted);
    // Somebody else may have been first, with other families.
    return (await to.readFamilies()) ?? [];
  }

  return {
    name,
    async look() {
      const families = await (await admin()).readFamilies();
      if (families === undefined) return { kind: 'missing' };
      return { kind: 'found', drift: wanted.flatMap((family) => driftOf(family, families)) };
    },
    async mend() {
      const to = await admin();
      const families = (await to.readFamilies()) ?? (await makeTable(to));
      for (const family of wanted) {
        if (driftOf(family, families).length > 0) await mendFamily(to, family, families);
      }
    },
  };
}

async function mendFamily(
  to: TableAdmin,
  family: FamilySchema,
  families: readonly FamilySchema[],
): Promise<void> {
  const isThere = families.some(({ name }) => name === family.name);
  // One that somebody else has made meanwhile may have another rule.
  if (!isThere && (await to.createFamily(family)) === 'created') return;
  await to.updateFamily(family);
}

function driftOf(wanted: FamilySchema, families: readonly FamilySchema[]): readonly string[] {
  const found = families.find(({ name }) => name === wanted.name);
  if (found === undefined) return [`family ${wanted.name} is missing`];
  const [is, hasToBe] = [gcRuleText(found.gcRule), gcRuleText(wanted.gcRule)];
  if (is === hasToBe) return [];
  return [`family ${wanted.name}: cells are collected ${is} instead of ${hasToBe}`];
}
