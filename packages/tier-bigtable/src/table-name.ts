import { grpc } from 'google-gax';

export interface TableParts {
  readonly projectId: string;
  readonly instanceId: string;
  readonly tableId: string;
}

export function tableNameOf({ projectId, instanceId, tableId }: TableParts): string {
  return `projects/${projectId}/instances/${instanceId}/tables/${tableId}`;
}

/** Calls are routed by these fields of their request; one without them goes a longer way. */
export function routingMetadata(fields: Readonly<Record<string, string>>): grpc.Metadata {
  const metadata = new grpc.Metadata();
  metadata.set('x-goog-request-params', new URLSearchParams(fields).toString());
  return metadata;
}
