import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { object } from '@holdfast/contracts';
import type { ByteSpan, ObjectId, ObjectMetadata } from '@holdfast/domain';
import { statusBytes, type RpcError } from '@holdfast/rpc';
import { byteSpanMessage, objectInfoMessage } from '../messages/object-info.js';

/** What became of an operation, encoded but for its index and the frames around it. */
export interface EncodedResult {
  /** The tag of the outcome within a BatchResult. */
  readonly tag: number;
  /** The outcome's message; of a get that carries one, all but the payload. */
  readonly bytes: Uint8Array;
  readonly payload: Uint8Array | undefined;
}

// Length-delimited fields of a BatchResult, and of a BatchGetResult.
const tags = { error: 0x12, put: 0x1a, get: 0x22, head: 0x2a, delete: 0x32 } as const;
const objectTag = 0x0a;
const spanTag = 0x12;

export function errorResult(error: RpcError): EncodedResult {
  return { tag: tags.error, bytes: statusBytes(error), payload: undefined };
}

export function putResult(response: object.PutObjectResponse): EncodedResult {
  const bytes = object.PutObjectResponse.encode(response).finish();
  return { tag: tags.put, bytes, payload: undefined };
}

/** Encodes the results of gets, one after the other, in memory that it keeps for that. */
export interface GetResultEncoder {
  encode(
    id: ObjectId,
    found: { readonly metadata: ObjectMetadata; readonly span: ByteSpan },
    payload: Uint8Array | undefined,
  ): EncodedResult;
}

export function createGetResultEncoder(): GetResultEncoder {
  let writer = new BinaryWriter();

  function encodeHeader(info: object.ObjectInfo, span: object.ByteSpan): Uint8Array {
    try {
      object.ObjectInfo.encode(info, writer.uint32(objectTag).fork()).join();
      object.ByteSpan.encode(span, writer.uint32(spanTag).fork()).join();
      return writer.finish();
    } catch (error) {
      // What it has written of this one must not become part of the next.
      writer = new BinaryWriter();
      throw error;
    }
  }

  return {
    encode(id, { metadata, span }, payload) {
      const bytes = encodeHeader(objectInfoMessage(id, metadata), byteSpanMessage(span));
      return { tag: tags.get, bytes, payload };
    },
  };
}

export function headResult(response: object.HeadObjectResponse): EncodedResult {
  const bytes = object.HeadObjectResponse.encode(response).finish();
  return { tag: tags.head, bytes, payload: undefined };
}

export function deleteResult(response: object.DeleteObjectResponse): EncodedResult {
  const bytes = object.DeleteObjectResponse.encode(response).finish();
  return { tag: tags.delete, bytes, payload: undefined };
}
