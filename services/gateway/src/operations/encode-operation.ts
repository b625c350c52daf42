import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

/** What an operation carries of the call that it stands for. */
export interface OperationContext {
  /** How long the caller still waits. */
  readonly timeoutMs: number;
  readonly requestId: string;
  readonly traceparent: string | undefined;
}

/** A whole upload, its header as it came and its payload in the pieces in which it came. */
export interface GatheredPut {
  /** An encoded PutObjectHeader. */
  readonly header: Uint8Array;
  readonly chunks: readonly Uint8Array[];
  readonly size: number;
  readonly crc32c: number | undefined;
}

/** The field numbers of BatchOperation. */
const kindFields = { get: 3, head: 4, delete: 5 } as const;
const putField = 2;
const timeoutField = 10;
const requestIdField = 11;
const traceparentField = 12;

const nanosPerMs = 1_000_000;

/** A BatchOperation without index around a request as the bytes in which it came. */
export function encodeOperation(
  kind: keyof typeof kindFields,
  request: Uint8Array,
  context: OperationContext,
): Uint8Array {
  return contextWriter(context)
    .tag(kindFields[kind], WireType.LengthDelimited)
    .bytes(request)
    .finish();
}

/**
 * A BatchOperation without index around a BatchPut. The payload comes last, so that all before it
 * is written first and the payload is copied once.
 */
export function encodePutOperation(put: GatheredPut, context: OperationContext): Uint8Array {
  const head = putHead(put);
  const writer = contextWriter(context)
    .tag(putField, WireType.LengthDelimited)
    .uint32(head.length + put.size)
    .raw(head);
  return Buffer.concat([writer.finish(), ...put.chunks]);
}

/** BatchPut up to the first byte of its payload. */
function putHead({ header, size, crc32c }: GatheredPut): Uint8Array {
  const writer = new BinaryWriter().tag(1, WireType.LengthDelimited).bytes(header);
  if (crc32c !== undefined) writer.tag(3, WireType.Bit32).fixed32(crc32c);
  return writer.tag(2, WireType.LengthDelimited).uint32(size).finish();
}

function contextWriter({ timeoutMs, requestId, traceparent }: OperationContext): BinaryWriter {
  const writer = new BinaryWriter();
  const seconds = Math.floor(timeoutMs / 1_000);
  writer.tag(timeoutField, WireType.LengthDelimited).fork();
  writer.tag(1, WireType.Varint).int64(seconds);
  writer.tag(2, WireType.Varint).int32(Math.floor(timeoutMs % 1_000) * nanosPerMs);
  writer.join();
  writer.tag(requestIdField, WireType.LengthDelimited).string(requestId);
  if (traceparent !== undefined) {
    writer.tag(traceparentField, WireType.LengthDelimited).string(traceparent);
  }
  return writer;
}

/**
 * The operation with the traceparent of its stream instead of what it has. It is put last: of a field
 * that comes twice the last one counts.
 */
export function withStreamTraceparent(operation: Uint8Array, traceparent: string): Uint8Array {
  const suffix = new BinaryWriter()
    .tag(traceparentField, WireType.LengthDelimited)
    .string(traceparent);
  return Buffer.concat([operation, suffix.finish()]);
}

const errorField = 2;

/** A BatchResult without index that carries an encoded google.rpc.Status. */
export function encodeErrorResult(status: Uint8Array): Uint8Array {
  return new BinaryWriter().tag(errorField, WireType.LengthDelimited).bytes(status).finish();
}
