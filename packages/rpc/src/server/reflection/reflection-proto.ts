import { create, createFileRegistry, type DescFile } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { assert } from '@holdfast/domain';
import { field, service } from '../describe-proto.js';

/** Both versions are the same but for their name; older tools know `v1alpha` only. */
export type ReflectionVersion = 'v1' | 'v1alpha';

/** https://github.com/grpc/grpc-proto/blob/master/grpc/reflection/v1/reflection.proto */
export function reflectionFile(version: ReflectionVersion): DescFile {
  const name = `grpc.reflection.${version}`;
  const type = (message: string): `.${string}` => `.${name}.${message}`;
  const oneof = true;
  const file = create(FileDescriptorProtoSchema, {
    name: `grpc/reflection/${version}/reflection.proto`,
    package: name,
    syntax: 'proto3',
    messageType: [
      {
        name: 'ServerReflectionRequest',
        field: [
          field('host', 1, 'string'),
          field('file_by_filename', 3, 'string', { oneof }),
          field('file_containing_symbol', 4, 'string', { oneof }),
          field('file_containing_extension', 5, type('ExtensionRequest'), { oneof }),
          field('all_extension_numbers_of_type', 6, 'string', { oneof }),
          field('list_services', 7, 'string', { oneof }),
        ],
        oneofDecl: [{ name: 'message_request' }],
      },
      {
        name: 'ExtensionRequest',
        field: [field('containing_type', 1, 'string'), field('extension_number', 2, 'int32')],
      },
      {
        name: 'ServerReflectionResponse',
        field: [
          field('valid_host', 1, 'string'),
          field('original_request', 2, type('ServerReflectionRequest')),
          field('file_descriptor_response', 4, type('FileDescriptorResponse'), { oneof }),
          field('all_extension_numbers_response', 5, type('ExtensionNumberResponse'), { oneof }),
          field('list_services_response', 6, type('ListServiceResponse'), { oneof }),
          field('error_response', 7, type('ErrorResponse'), { oneof }),
        ],
        oneofDecl: [{ name: 'message_response' }],
      },
      {
        name: 'FileDescriptorResponse',
        field: [field('file_descriptor_proto', 1, 'bytes', { repeated: true })],
      },
      {
        name: 'ExtensionNumberResponse',
        field: [
          field('base_type_name', 1, 'string'),
          field('extension_number', 2, 'int32', { repeated: true }),
        ],
      },
      {
        name: 'ListServiceResponse',
        field: [field('service', 1, type('ServiceResponse'), { repeated: true })],
      },
      { name: 'ServiceResponse', field: [field('name', 1, 'string')] },
      {
        name: 'ErrorResponse',
        field: [field('error_code', 1, 'int32'), field('error_message', 2, 'string')],
      },
    ],
    service: [
      service('ServerReflection', [
        [
          'ServerReflectionInfo',
          type('ServerReflectionRequest'),
          type('ServerReflectionResponse'),
          'bidi',
        ],
      ]),
    ],
  });
  const described = createFileRegistry(file, () => undefined).getFile(file.name);
  assert(described !== undefined, 'the reflection protocol is described');
  return described;
}
