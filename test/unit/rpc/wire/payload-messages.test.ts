import assert from 'node:assert/strict';
import { status } from '@grpc/grpc-js';
import { object } from '@holdfast/contracts';
import {
  allocateChunk,
  encodeChunkMessage,
  encodeDownloadHeader,
  encodeUploadFinish,
  encodeUploadHeader,
  parseDownloadMessage,
  parseUploadMessage,
  RpcError,
} from '@holdfast/rpc';
import fc from 'fast-check';
import { bytesField, unknownField, varint, varintField } from './fields.js';

const { GetObjectHeader, GetObjectResponse, PutObjectHeader, PutObjectRequest } = object;

const header = PutObjectHeader.fromPartial({
  objectId: { usecase: 'attachments', scopes: [{ name: 'org', value: '42' }], key: 'ключ' },
  metadata: { contentType: 'image/png', custom: [{ name: 'a', value: 'b' }] },
  condition: { condition: { $case: 'ifAbsent', value: true } },
});

const uploadField: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.uint8Array({ maxLength: 300 }).map((chunk) => bytesField(2, chunk)),
  fc.constant(bytesField(1, PutObjectHeader.encode(header).finish())),
  fc.bigInt({ min: 0n, max: 2n ** 63n }).map((size) => bytesField(3, varintField(1, size))),
);

describe('a message of an upload', () => {
  it('reads as the generated decoder reads it, canonical or not', () => {
    const message = fc.oneof(
      uploadField,
      fc
        .array(fc.oneof(uploadField, unknownField), { maxLength: 4 })
        .map((parts) => Buffer.concat(parts)),
    );
    fc.assert(
      fc.property(message, (bytes) => {
        const { message: decoded } = PutObjectRequest.decode(bytes);
        if (decoded === undefined) {
          assert.throws(() => parseUploadMessage(bytes), isInvalidStream);
          return;
        }
        const parsed = parseUploadMessage(bytes);
        assert.equal(parsed.kind, decoded.$case);
        if (parsed.kind === 'finish') assert.deepEqual(parsed.finish, decoded.value);
        else if (parsed.kind === 'chunk') {
          assert.deepEqual(plain(parsed.bytes), plain(decoded.value as Uint8Array));
        } else assert.deepEqual(PutObjectHeader.decode(parsed.bytes), decoded.value);
      }),
      { numRuns: 500 },
    );
  });

  it('is taken without a copy where it is canonical', () => {
    const message = encodeChunkMessage(Buffer.alloc(70_000, 7));
    const parsed = parseUploadMessage(message);
    assert(parsed.kind === 'chunk');
    assert.equal(parsed.bytes.buffer, message.buffer);
    assert.equal(parsed.bytes.length, 70_000);
  });

  it('is INVALID_STREAM when nothing is set, when cut off, and when its finish is no finish', () => {
    const cut = encodeChunkMessage(Buffer.alloc(100)).subarray(0, 50);
    const noFinish = bytesField(3, Buffer.from([0x08]));
    for (const bytes of [new Uint8Array(0), cut, noFinish, varintField(9, 1)]) {
      assert.throws(() => parseUploadMessage(bytes), isInvalidStream);
    }
  });

  it('never fails but with INVALID_STREAM on random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        try {
          parseUploadMessage(bytes);
        } catch (error) {
          isInvalidStream(error);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('is encoded as the generated encoder encodes it', () => {
    const finish = { size: 12n, crc32c: 0xdead_beef };
    assert.deepEqual(
      plain(encodeUploadHeader(header)),
      PutObjectRequest.encode({ message: { $case: 'header', value: header } }).finish(),
    );
    assert.deepEqual(
      plain(encodeUploadFinish(finish)),
      PutObjectRequest.encode({ message: { $case: 'finish', value: finish } }).finish(),
    );
    for (const length of [0, 1, 127, 128, 16_383, 16_384, 262_144, 2_097_151, 2_097_152]) {
      const value = new Uint8Array(length).fill(length % 251);
      assert.deepEqual(
        plain(encodeChunkMessage(value)),
        PutObjectRequest.encode({ message: { $case: 'chunk', value } }).finish(),
      );
    }
  });
});

describe('a message of a download', () => {
  const described = GetObjectHeader.fromPartial({
    object: { revision: 'r', size: 7n },
    span: { offset: 0n, length: 7n },
  });

  it('reads as it was encoded', () => {
    const parsed = parseDownloadMessage(
      encodeDownloadHeader(GetObjectHeader.encode(described).finish()),
    );
    assert.deepEqual(parsed, { kind: 'header', header: described });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (value) => {
        const bytes = GetObjectResponse.encode({ message: { $case: 'chunk', value } }).finish();
        const chunk = parseDownloadMessage(bytes);
        assert(chunk.kind === 'chunk');
        assert.deepEqual(plain(chunk.bytes), value);
      }),
    );
  });

  it('reads with unknown fields, and with lengths longer than they need to be', () => {
    const chunk = Buffer.concat([varintField(99, 1), bytesField(2, Buffer.from('abc'))]);
    assert.equal(parseDownloadMessage(chunk).kind, 'chunk');
    const long = Buffer.concat([
      varint((2 << 3) | 2),
      Buffer.from([0x83, 0x00]),
      Buffer.from('abc'),
    ]);
    const parsed = parseDownloadMessage(long);
    assert(parsed.kind === 'chunk');
    assert.deepEqual(plain(parsed.bytes), new Uint8Array(Buffer.from('abc')));
  });

  it('is INTERNAL when it cannot be read', () => {
    for (const bytes of [new Uint8Array(0), Buffer.from([0x12, 0x09, 0x00])]) {
      assert.throws(
        () => parseDownloadMessage(bytes),
        (error) => error instanceof RpcError && error.code === status.INTERNAL,
      );
    }
  });
});

describe('a chunk buffer', () => {
  it('makes the message of however many bytes were read into it, in place', () => {
    const buffer = allocateChunk(262_144);
    assert.equal(buffer.target.length, 262_144);
    for (const length of [262_144, 20_000, 16_384, 16_383, 128, 127, 1, 0]) {
      const content = Buffer.alloc(length, (length % 250) + 1);
      buffer.target.set(content);
      const message = buffer.message(length);
      assert.deepEqual(message, encodeChunkMessage(content));
      assert.equal(message.buffer, buffer.target.buffer);
    }
  });
});

function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

function isInvalidStream(error: unknown): boolean {
  assert(error instanceof RpcError);
  assert.equal(error.code, status.INVALID_ARGUMENT);
  assert.equal(error.reason, 'INVALID_STREAM');
  assert.equal(error.violations[0]?.field, 'message');
  return true;
}
