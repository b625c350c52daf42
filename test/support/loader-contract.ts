import { status, type Metadata } from '@grpc/grpc-js';
import { loadSync, type MethodDefinition } from '@grpc/proto-loader';
import { fileURLToPath } from 'node:url';

/*
 * The contracts as a stranger reads them: from the .proto files, by nothing of ours. What these tests
 * send and understand is what anybody's client would.
 */
const protoRoot = fileURLToPath(new URL('../../proto', import.meta.url));
const files = [
  'holdfast/object/v1/object_service.proto',
  'holdfast/maintenance/v1/maintenance_service.proto',
  'holdfast/sweeper/v1/sweeper_service.proto',
  'google/rpc/status.proto',
  'google/rpc/error_details.proto',
];

const definitions = loadSync(files, {
  includeDirs: [protoRoot],
  longs: Number,
  enums: String,
  defaults: false,
  oneofs: true,
});

export type LoaderMethod = MethodDefinition<object, object>;

const services = {
  object: 'holdfast.object.v1.ObjectService',
  maintenance: 'holdfast.maintenance.v1.MaintenanceService',
  sweeper: 'holdfast.sweeper.v1.SweeperService',
} as const;

/** All methods of a service by their names. */
export function methodsOf(service: keyof typeof services): Readonly<Record<string, LoaderMethod>> {
  return definitions[services[service]] as Readonly<Record<string, LoaderMethod>>;
}

export function methodOf(service: keyof typeof services, name: string): LoaderMethod {
  const method = methodsOf(service)[name];
  if (method === undefined) throw new Error(`${services[service]} has no ${name}`);
  return method;
}

/** How a call failed, in the words of the contract. */
export interface Failure {
  /** `NOT_FOUND` say. */
  readonly code: string;
  readonly message: string;
  readonly reason?: string;
  readonly info?: Readonly<Record<string, string>>;
  readonly fields?: readonly string[];
  readonly retryAfterMs?: number;
}

interface StatusMessage {
  readonly code?: number;
  readonly message?: string;
  readonly details?: readonly { readonly type_url: string; readonly value: Buffer }[];
}

interface ServiceErrorShape {
  readonly code: number;
  readonly details: string;
  readonly metadata: Metadata;
}

/** Of an error that a call of grpc-js ended with. Anything else is thrown on: it is no answer. */
export function failureOf(error: unknown): Failure {
  if (!isServiceError(error)) throw error;
  const [bytes] = error.metadata.get('grpc-status-details-bin');
  const found = Buffer.isBuffer(bytes) ? (decode('google.rpc.Status', bytes) as StatusMessage) : {};
  return { code: status[error.code] ?? '', message: error.details, ...detailsOf(found) };
}

/** Of the error that one operation of a batch has. */
export function failureOfStatus(message: StatusMessage): Failure {
  const { code = 0, message: text = '' } = message;
  return { code: status[code] ?? '', message: text, ...detailsOf(message) };
}

function detailsOf({ details = [] }: StatusMessage): Omit<Failure, 'code' | 'message'> {
  let found: Omit<Failure, 'code' | 'message'> = {};
  for (const { type_url: url, value } of details) {
    const type = url.slice(url.lastIndexOf('/') + 1);
    if (type === 'google.rpc.ErrorInfo') {
      const { reason = '', metadata = {} } = decode(type, value) as ErrorInfoMessage;
      found = { ...found, reason, info: metadata };
    } else if (type === 'google.rpc.BadRequest') {
      const { fieldViolations = [] } = decode(type, value) as BadRequestMessage;
      found = { ...found, fields: fieldViolations.map(({ field }) => field) };
    } else if (type === 'google.rpc.RetryInfo') {
      const { seconds = 0, nanos = 0 } = (decode(type, value) as RetryInfoMessage).retryDelay;
      found = { ...found, retryAfterMs: seconds * 1_000 + nanos / 1_000_000 };
    }
  }
  return found;
}

interface ErrorInfoMessage {
  readonly reason?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

interface BadRequestMessage {
  readonly fieldViolations?: readonly { readonly field: string }[];
}

interface RetryInfoMessage {
  readonly retryDelay: { readonly seconds?: number; readonly nanos?: number };
}

function decode(type: string, bytes: Buffer): object {
  const definition = definitions[type];
  if (definition === undefined || !('deserialize' in definition)) throw new Error(`no ${type}`);
  return (definition.deserialize as (message: Buffer) => object)(bytes);
}

function isServiceError(error: unknown): error is ServiceErrorShape {
  return error instanceof Error && 'code' in error && 'details' in error && 'metadata' in error;
}
