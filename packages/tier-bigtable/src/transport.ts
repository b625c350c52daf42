import { BigtableClient } from '@google-cloud/bigtable/build/src/v2/bigtable_client.js';
import type { google } from '@google-cloud/bigtable/build/protos/protos.js';
import { createChannel } from './channel.js';
import { createConnections } from './connections.js';
import type { ResolvedBigtableOptions } from './options.js';
import { createAttemptCall, type CallKind } from './repeats.js';
import { createReadRows, type ReadRows } from './read-rows.js';
import type { CheckAndMutateRequest } from './requests.js';
import { libraryOptions, openStub } from './stub.js';
import { routingMetadata, tableNameOf } from './table-name.js';

/** The calls that are made to the one table. Each fails as the ports say, after its retries. */
export interface BigtableTransport {
  readonly readRows: ReadRows;
  /** Whether the predicate matched. */
  checkAndMutate(kind: CallKind, request: CheckAndMutateRequest): Promise<boolean>;
  close(): void;
}

export async function openTransport(
  options: ResolvedBigtableOptions,
  random: () => number,
): Promise<BigtableTransport> {
  const { connections: count, appProfileId } = options;
  const settings = libraryOptions(options.projectId, options.emulatorHost);
  const clients = Array.from({ length: count }, () => new BigtableClient({ ...settings }));
  const opened = await Promise.all(clients.map((client) => openStub(client, options.projectId)));
  const connections = createConnections(opened.map(({ stub }) => createChannel(stub)));
  const attemptCall = createAttemptCall(options, random);
  const projectId = options.projectId ?? opened[0]?.projectId ?? '';
  const tableName = tableNameOf({ ...options, projectId });
  const place = { tableName, ...(appProfileId === undefined ? undefined : { appProfileId }) };
  const metadata = routingMetadata({
    table_name: tableName,
    ...(appProfileId === undefined ? undefined : { app_profile_id: appProfileId }),
  });

  return {
    readRows: createReadRows(attemptCall, (request, timeoutMs, onAnswer) => {
      const call = { method: 'readRows', request: { ...place, ...request }, metadata, timeoutMs };
      return connections
        .pick()
        .stream(call, (message) => onAnswer(message as google.bigtable.v2.IReadRowsResponse));
    }),

    checkAndMutate: (kind, request) =>
      attemptCall(kind, async (timeoutMs) => {
        const whole = { ...place, ...request };
        const call = { method: 'checkAndMutateRow', request: whole, metadata, timeoutMs };
        const answer = await connections.pick().unary(call);
        return (answer as google.bigtable.v2.ICheckAndMutateRowResponse).predicateMatched === true;
      }),

    close: () => connections.close(),
  };
}
