import { create } from '@bufbuild/protobuf';
import {
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
  FieldDescriptorProtoSchema,
  ServiceDescriptorProtoSchema,
  type FieldDescriptorProto,
  type ServiceDescriptorProto,
} from '@bufbuild/protobuf/wkt';

/** The words in which gRPC's own protocols, health and reflection, are written down here. */

const types = {
  bool: Type.BOOL,
  bytes: Type.BYTES,
  int32: Type.INT32,
  string: Type.STRING,
} as const;

interface FieldOptions {
  readonly repeated?: true;
  /** Of the one oneof of its message. */
  readonly oneof?: true;
}

/** A field of a scalar type, or of a message type by its full name with a dot before it. */
export function field(
  name: string,
  number: number,
  type: keyof typeof types | `.${string}`,
  options: FieldOptions = {},
): FieldDescriptorProto {
  return create(FieldDescriptorProtoSchema, {
    name,
    number,
    label: options.repeated === true ? Label.REPEATED : Label.OPTIONAL,
    ...(isScalar(type) ? { type: types[type] } : { type: Type.MESSAGE, typeName: type }),
    ...(options.oneof === true ? { oneofIndex: 0 } : {}),
  });
}

/** A field of an enum type, by its full name with a dot before it. */
export function enumField(name: string, number: number, typeName: string): FieldDescriptorProto {
  const label = Label.OPTIONAL;
  return create(FieldDescriptorProtoSchema, { name, number, label, type: Type.ENUM, typeName });
}

/** A method: its name, request and response by their full names, and what is a stream. */
export type MethodRow = readonly [string, string, string, 'unary' | 'serverStream' | 'bidi'];

export function service(name: string, methods: readonly MethodRow[]): ServiceDescriptorProto {
  return create(ServiceDescriptorProtoSchema, {
    name,
    method: methods.map(([method, inputType, outputType, kind]) => ({
      name: method,
      inputType,
      outputType,
      clientStreaming: kind === 'bidi',
      serverStreaming: kind !== 'unary',
    })),
  });
}

function isScalar(type: string): type is keyof typeof types {
  return Object.hasOwn(types, type);
}
