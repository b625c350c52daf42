import type { google } from '@google-cloud/bigtable/build/protos/protos.js';
import { BigtableTableAdminClient } from '@google-cloud/bigtable/build/src/admin/v2/bigtable_table_admin_client.js';
import { grpc } from 'google-gax';
import { statusCodeOf } from './bigtable-errors.js';
import { createChannel } from './channel.js';
import { decodeGcRule, encodeGcRule } from './gc-rule-message.js';
import { resolveBigtableOptions, type BigtableOptions } from './options.js';
import { createAttemptCall } from './repeats.js';
import type { FamilySchema } from './schema.js';
import { libraryOptions, openStub } from './stub.js';
import { routingMetadata, tableNameOf } from './table-name.js';

export type BigtableAdminOptions = Pick<
  BigtableOptions,
  'projectId' | 'instanceId' | 'tableId' | 'emulatorHost'
>;

/**
 * Makes and changes the table. Any number of processes may do so at once: what another made in the
 * meantime is as good. Failure: `TIER_UNAVAILABLE`, or `OUTCOME_UNKNOWN` when it may have had an
 * effect; every call may be repeated.
 */
export interface BigtableAdmin {
  /** The full name of the table. */
  readonly tableName: string;
  /** The families of the table; `undefined` when there is no table. */
  readFamilies(): Promise<readonly FamilySchema[] | undefined>;
  /** Makes the table with these families. One that exists stays as it is. */
  createTable(families: readonly FamilySchema[]): Promise<'created' | 'exists'>;
  /** A family that exists stays as it is. */
  createFamily(family: FamilySchema): Promise<'created' | 'exists'>;
  /** Replaces the family's rule. */
  updateFamily(family: FamilySchema): Promise<void>;
  close(): Promise<void>;
}

type Table = google.bigtable.admin.v2.ITable;

const { status } = grpc;

/** To make a table takes longer than to use one. */
const adminLimits = { callMsMax: 120_000, attemptMsMax: 60_000, connections: 1 } as const;

export async function createBigtableAdmin(
  options: BigtableAdminOptions,
  { random = Math.random }: { readonly random?: (() => number) | undefined } = {},
): Promise<BigtableAdmin> {
  const { emulatorHost } = options;
  const client = new BigtableTableAdminClient(libraryOptions(options.projectId, emulatorHost));
  const { stub, projectId } = await openStub(client, options.projectId);
  const channel = createChannel(stub);
  const attemptCall = createAttemptCall(
    resolveBigtableOptions({ ...options, ...adminLimits }),
    random,
  );
  const tableName = tableNameOf({ ...options, projectId });
  const instanceName = tableName.slice(0, tableName.indexOf('/tables/'));

  /** `other` is what an expected status stands for. */
  async function ask(
    method: string,
    request: object,
    expected: { readonly code: grpc.status; readonly other: string | undefined },
  ): Promise<unknown> {
    const [field, name] = 'parent' in request ? ['parent', instanceName] : ['name', tableName];
    const metadata = routingMetadata({ [field]: name });
    return attemptCall('idempotent', async (timeoutMs) => {
      try {
        return await channel.unary({ method, request, metadata, timeoutMs });
      } catch (error) {
        if (statusCodeOf(error) === expected.code) return expected.other;
        throw error;
      }
    });
  }

  return {
    tableName,

    async readFamilies() {
      const request = { name: tableName, view: 'SCHEMA_VIEW' };
      const table = await ask('getTable', request, { code: status.NOT_FOUND, other: undefined });
      return table === undefined ? undefined : familiesOf(table as Table);
    },

    async createTable(families) {
      const columnFamilies = Object.fromEntries(
        families.map(({ name, gcRule }) => [name, { gcRule: encodeGcRule(gcRule) }]),
      );
      const request = { parent: instanceName, tableId: options.tableId, table: { columnFamilies } };
      const answer = await ask('createTable', request, existing);
      return answer === 'exists' ? 'exists' : 'created';
    },

    async createFamily({ name, gcRule }) {
      const create = { id: name, create: { gcRule: encodeGcRule(gcRule) } };
      const request = { name: tableName, modifications: [create] };
      const answer = await ask('modifyColumnFamilies', request, existing);
      return answer === 'exists' ? 'exists' : 'created';
    },

    async updateFamily({ name, gcRule }) {
      const update = {
        id: name,
        update: { gcRule: encodeGcRule(gcRule) },
        updateMask: { paths: ['gc_rule'] },
      };
      const request = { name: tableName, modifications: [update] };
      await ask('modifyColumnFamilies', request, existing);
    },

    close: async () => channel.close(),
  };
}

const existing = { code: status.ALREADY_EXISTS, other: 'exists' } as const;

/** In the order of their names. */
function familiesOf({ columnFamilies }: Table): FamilySchema[] {
  return Object.entries(columnFamilies ?? {})
    .map(([name, { gcRule }]) => ({ name, gcRule: decodeGcRule(gcRule) }))
    .toSorted((left, right) => (left.name < right.name ? -1 : 1));
}
