import assert from 'node:assert/strict';
import { createFileRegistry, fromBinary, type FileRegistry } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import {
  cleanup,
  fileDescriptorSetBase64,
  maintenance,
  object,
  sweeper,
} from '@holdfast/contracts';

type Streaming = 'unary' | 'client_streaming' | 'server_streaming' | 'bidi_streaming';

const expected: Record<string, Record<string, Streaming>> = {
  'holdfast.object.v1.ObjectService': {
    PutObject: 'client_streaming',
    GetObject: 'server_streaming',
    HeadObject: 'unary',
    DeleteObject: 'unary',
    BatchObjects: 'bidi_streaming',
    ListObjects: 'unary',
  },
  'holdfast.maintenance.v1.MaintenanceService': {
    SettleChange: 'unary',
    DiscardChanges: 'unary',
    ListChanges: 'unary',
    ListBlobs: 'unary',
    ReclaimBlobs: 'unary',
    ExpireObjects: 'unary',
    VerifyObjects: 'unary',
    DescribeStorage: 'unary',
  },
  'holdfast.cleanup.v1.CleanupService': {
    GetStats: 'unary',
    ListDeadLetters: 'unary',
    RetryDeadLetters: 'unary',
    DiscardDeadLetters: 'unary',
    PauseQueue: 'unary',
    ResumeQueue: 'unary',
  },
  'holdfast.sweeper.v1.SweeperService': {
    RecoverChanges: 'server_streaming',
    ReclaimOrphans: 'server_streaming',
    ExpireObjects: 'server_streaming',
    VerifyObjects: 'server_streaming',
    ListReports: 'unary',
    CancelSweep: 'unary',
  },
};

interface GeneratedMethod {
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
}

const generated: Record<string, Record<string, GeneratedMethod>> = {
  'holdfast.object.v1.ObjectService': object.ObjectServiceService,
  'holdfast.maintenance.v1.MaintenanceService': maintenance.MaintenanceServiceService,
  'holdfast.cleanup.v1.CleanupService': cleanup.CleanupServiceService,
  'holdfast.sweeper.v1.SweeperService': sweeper.SweeperServiceService,
};

function streamingOf(method: GeneratedMethod): Streaming {
  if (method.requestStream) return method.responseStream ? 'bidi_streaming' : 'client_streaming';
  return method.responseStream ? 'server_streaming' : 'unary';
}

describe('the services of the contracts', () => {
  for (const [service, methods] of Object.entries(expected)) {
    it(`${service} offers exactly the calls of the design, streamed as designed`, () => {
      const found = Object.values(generated[service] ?? {}).map((method) => [
        method.path,
        streamingOf(method),
      ]);
      const wanted = Object.entries(methods).map(([name, streaming]) => [
        `/${service}/${name}`,
        streaming,
      ]);
      assert.deepEqual(Object.fromEntries(found), Object.fromEntries(wanted));
    });
  }
});

describe('the descriptors for reflection', () => {
  const bytes = Buffer.from(fileDescriptorSetBase64, 'base64');
  const descriptors = fromBinary(FileDescriptorSetSchema, bytes);
  let registry: FileRegistry;

  before(() => {
    registry = createFileRegistry(descriptors);
  });

  it('list all four services and no other, with the same calls as the generated code', () => {
    const described: Record<string, Record<string, Streaming>> = {};
    for (const type of registry) {
      if (type.kind !== 'service') continue;
      described[type.typeName] = Object.fromEntries(
        type.methods.map((method) => [method.name, method.methodKind]),
      );
    }
    assert.deepEqual(described, expected);
  });

  it('contain every file that a listed file imports, before the file that imports it', () => {
    const seen = new Set<string>();
    for (const file of descriptors.file) {
      for (const dependency of file.dependency) {
        assert.ok(seen.has(dependency), `${file.name} imports ${dependency}`);
      }
      seen.add(file.name);
    }
    assert.ok(seen.has('google/rpc/status.proto'));
    assert.ok(seen.has('google/protobuf/timestamp.proto'));
  });

  it('contain the error details that a client needs to read a failed call', () => {
    for (const name of ['Status', 'ErrorInfo', 'BadRequest', 'RetryInfo']) {
      assert.ok(registry.getMessage(`google.rpc.${name}`), name);
    }
  });

  it('know no map field of ours, for a generated map drops a pair named __proto__', () => {
    const maps: string[] = [];
    for (const type of registry) {
      if (type.kind !== 'message' || !type.typeName.startsWith('holdfast.')) continue;
      for (const field of type.fields) if (field.fieldKind === 'map') maps.push(field.toString());
    }
    assert.deepEqual(maps, []);
  });
});
