import { createFileRegistry, fromBinary, toBinary, type DescFile } from '@bufbuild/protobuf';
import { nestedTypes } from '@bufbuild/protobuf/reflect';
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { fileDescriptorSetBase64 } from '@holdfast/contracts';

/**
 * The files of the contracts and of what is served beside them. A file is always answered with all
 * that it imports, directly or not: strict clients take nothing less.
 */
export interface DescriptorIndex {
  fileNamed(name: string): readonly Uint8Array[] | undefined;
  /** Of a service, method, message or enum, by its full name. */
  fileContaining(symbol: string): readonly Uint8Array[] | undefined;
  hasMessage(name: string): boolean;
}

export function createDescriptorIndex(others: readonly DescFile[]): DescriptorIndex {
  const contracts = Buffer.from(fileDescriptorSetBase64, 'base64');
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, contracts));
  const byName = new Map<string, DescFile>();
  const bySymbol = new Map<string, DescFile>();
  const messages = new Set<string>();
  for (const file of [...registry.files, ...others]) {
    byName.set(file.proto.name, file);
    for (const type of nestedTypes(file)) {
      bySymbol.set(type.typeName, file);
      if (type.kind === 'message') messages.add(type.typeName);
      if (type.kind !== 'service') continue;
      for (const method of type.methods) bySymbol.set(`${type.typeName}.${method.name}`, file);
    }
  }
  return {
    fileNamed: (name) => withImports(byName.get(name)),
    fileContaining: (symbol) => withImports(bySymbol.get(symbol)),
    hasMessage: (name) => messages.has(name),
  };
}

/** The file first, as the protocol has it. */
function withImports(file: DescFile | undefined): Uint8Array[] | undefined {
  if (file === undefined) return undefined;
  const found = new Set([file]);
  // A set that grows while it is gone through: imports have no cycles, and each file comes once.
  for (const one of found) for (const imported of one.dependencies) found.add(imported);
  return [...found].map(({ proto }) => toBinary(FileDescriptorProtoSchema, proto));
}
