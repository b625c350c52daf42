import { create, createFileRegistry, type DescFile } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { assert } from '@holdfast/domain';
import { enumField, field, service } from '../describe-proto.js';

const name = 'grpc.health.v1';
const request = `.${name}.HealthCheckRequest`;
const response = `.${name}.HealthCheckResponse`;
const statusesEntry = 'StatusesEntry';

const file = create(FileDescriptorProtoSchema, {
  name: 'grpc/health/v1/health.proto',
  package: name,
  syntax: 'proto3',
  messageType: [
    { name: 'HealthCheckRequest', field: [field('service', 1, 'string')] },
    {
      name: 'HealthCheckResponse',
      field: [enumField('status', 1, `${response}.ServingStatus`)],
      enumType: [
        {
          name: 'ServingStatus',
          value: [
            { name: 'UNKNOWN', number: 0 },
            { name: 'SERVING', number: 1 },
            { name: 'NOT_SERVING', number: 2 },
            { name: 'SERVICE_UNKNOWN', number: 3 },
          ],
        },
      ],
    },
    { name: 'HealthListRequest' },
    {
      name: 'HealthListResponse',
      field: [
        field('statuses', 1, `.${name}.HealthListResponse.${statusesEntry}`, { repeated: true }),
      ],
      nestedType: [
        {
          name: statusesEntry,
          field: [field('key', 1, 'string'), field('value', 2, response)],
          options: { mapEntry: true },
        },
      ],
    },
  ],
  service: [
    service('Health', [
      ['Check', request, response, 'unary'],
      ['List', `.${name}.HealthListRequest`, `.${name}.HealthListResponse`, 'unary'],
      ['Watch', request, response, 'serverStream'],
    ]),
  ],
});

/** https://github.com/grpc/grpc-proto/blob/master/grpc/health/v1/health.proto */
export function healthFile(): DescFile {
  const described = createFileRegistry(file, () => undefined).getFile(file.name);
  assert(described !== undefined, 'the health protocol is described');
  return described;
}
