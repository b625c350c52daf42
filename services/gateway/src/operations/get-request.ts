import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

const ifRevisionField = 3;

/** Whether an encoded GetObjectRequest asks for a certain revision. */
export function asksForRevision(request: Uint8Array): boolean {
  const reader = new BinaryReader(request);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === ifRevisionField) return true;
    reader.skip(wireType, field);
  }
  return false;
}

/** The same request for a certain revision: of a field that comes twice the last one counts. */
export function withRevision(request: Uint8Array, revision: string): Buffer {
  const condition = new BinaryWriter()
    .tag(ifRevisionField, WireType.LengthDelimited)
    .string(revision);
  return Buffer.concat([request, condition.finish()]);
}
