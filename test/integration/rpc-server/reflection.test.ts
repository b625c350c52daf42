import * as grpc from '@grpc/grpc-js';
import { fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { unary } from '@holdfast/rpc';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { object } from '@holdfast/contracts';
import { startTestServer, type TestServer } from './test-server.js';

const run = promisify(execFile);
const buf = new URL('../../../node_modules/.bin/buf', import.meta.url).pathname;
const asItIs = (bytes: Buffer): Buffer => bytes;

describe('the reflection of the rpc server', () => {
  let test: TestServer;
  beforeEach(async () => {
    const { headObject } = object.ObjectServiceService;
    test = await startTestServer([unary(headObject, () => Promise.resolve({ object: undefined }))]);
    test.server.setServing(true);
  });
  afterEach(() => test.close());

  async function curl(...args: string[]): Promise<string> {
    const flags = ['curl', '--protocol', 'grpc', '--http2-prior-knowledge'];
    const { stdout } = await run(buf, [...flags, ...args], { timeout: 30_000 });
    return stdout;
  }

  it('lets buf list the methods, of the server and of gRPC itself', async () => {
    const listed = await curl('--list-methods', `http://127.0.0.1:${test.port}`);
    const methods = listed.trim().split('\n');
    for (const method of [
      'grpc.health.v1.Health/Check',
      'grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
      'grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo',
      'holdfast.object.v1.ObjectService/GetObject',
    ]) {
      assert.ok(methods.includes(method), `${method} is listed`);
    }
    assert.ok(!methods.some((method) => method.includes('MaintenanceService')));
  });

  it('lets buf call methods whose schema it does not have', async () => {
    const url = `http://127.0.0.1:${test.port}/holdfast.object.v1.ObjectService/HeadObject`;
    const request = '{"objectId": {"usecase": "photos", "key": "cat"}}';
    assert.equal((await curl('--data', request, url)).trim(), '{}');
    const health = `http://127.0.0.1:${test.port}/grpc.health.v1.Health/Check`;
    assert.match(await curl('--data', '{}', health), /"status":\s*"SERVING"/);
  });

  for (const version of ['v1', 'v1alpha']) {
    describe(version, () => {
      /** `[field, text]` of a request; answers the field of the response, and what is in it. */
      async function ask(field: number, text: string): Promise<[number, Uint8Array]> {
        const call = test
          .client()
          .makeBidiStreamRequest(
            `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`,
            asItIs,
            asItIs,
          );
        call.write(
          Buffer.from(
            new BinaryWriter().tag(field, WireType.LengthDelimited).string(text).finish(),
          ),
        );
        const [answer] = (await once(call, 'data')) as [Buffer];
        call.end();
        let found: [number, Uint8Array] = [0, new Uint8Array()];
        const reader = new BinaryReader(answer);
        while (reader.pos < reader.len) {
          const [no, type] = reader.tag();
          if (no >= 4) found = [no, reader.bytes()];
          else reader.skip(type);
        }
        return found;
      }

      async function filesFor(field: number, text: string): Promise<string[]> {
        const [no, bytes] = await ask(field, text);
        assert.equal(no, 4, `${text} is found`);
        const files = [];
        const reader = new BinaryReader(bytes);
        while (reader.pos < reader.len) {
          reader.tag();
          files.push(fromBinary(FileDescriptorProtoSchema, reader.bytes()));
        }
        const names = new Set(files.map(({ name }) => name));
        for (const { dependency } of files) {
          for (const imported of dependency) assert.ok(names.has(imported), `${imported} is there`);
        }
        return files.map(({ name }) => name);
      }

      it('finds files by name, with all that they import', async () => {
        const name = 'holdfast/object/v1/object_service.proto';
        const files = await filesFor(3, name);
        assert.equal(files[0], name);
        assert.deepEqual(files.slice(1).toSorted(), [
          'google/protobuf/any.proto',
          'google/protobuf/duration.proto',
          'google/protobuf/timestamp.proto',
          'google/rpc/status.proto',
          'holdfast/object/v1/object.proto',
        ]);
      });

      it('finds the file of services, methods, messages and enums, nested ones too', async () => {
        const symbols = {
          'holdfast.object.v1.ObjectService': 'holdfast/object/v1/object_service.proto',
          'holdfast.object.v1.ObjectService.GetObject': 'holdfast/object/v1/object_service.proto',
          'holdfast.object.v1.ObjectId': 'holdfast/object/v1/object.proto',
          'grpc.health.v1.HealthCheckResponse.ServingStatus': 'grpc/health/v1/health.proto',
          'google.rpc.BadRequest.FieldViolation': 'google/rpc/error_details.proto',
          'grpc.reflection.v1.ServerReflection': 'grpc/reflection/v1/reflection.proto',
        };
        for (const [symbol, file] of Object.entries(symbols)) {
          assert.equal((await filesFor(4, symbol))[0], file);
        }
      });

      it('says so when there is nothing to find', async () => {
        const nothing: [number, string][] = [
          [3, 'no/such.proto'],
          [4, 'no.such.Symbol'],
          [6, 'no.such.Message'],
        ];
        for (const [field, text] of nothing) {
          const [no, bytes] = await ask(field, text);
          assert.equal(no, 7);
          assert.deepEqual([...bytes.subarray(0, 2)], [8, grpc.status.NOT_FOUND]);
        }
      });
    });
  }
});
