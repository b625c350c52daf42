import assert from 'node:assert/strict';
import { object } from '@holdfast/contracts';
import { assert as check, property, uint8Array } from 'fast-check';

const { GetObjectHeader, GetObjectRequest, GetObjectResponse, PutObjectRequest } = object;

function overTheWire(message: object.PutObjectRequest): object.PutObjectRequest {
  return PutObjectRequest.decode(PutObjectRequest.encode(message).finish());
}

function header(metadata: object.CallerMetadata | undefined): object.PutObjectHeader {
  return {
    objectId: {
      usecase: 'attachments',
      scopes: [
        { name: 'org', value: '42' },
        { name: 'project', value: '7' },
      ],
      key: 'a/objects/ü 🗄️.bin',
    },
    metadata,
    condition: { condition: { $case: 'ifAbsent', value: true } },
  };
}

const fullMetadata: object.CallerMetadata = {
  contentType: 'text/plain',
  contentEncoding: 'zstd',
  expiration: { policy: { $case: 'ttl', value: { seconds: 90n, nanos: 500_000_000 } } },
  origin: 'upload',
  fileName: 'notes.txt',
  custom: [
    { name: 'b', value: '' },
    { name: '__proto__', value: 'kept' },
    { name: '1', value: 'first come, first kept' },
  ],
};

describe('the messages of an upload', () => {
  it('carry a header with everything a caller can say', () => {
    const message = { message: { $case: 'header', value: header(fullMetadata) } } as const;
    assert.deepEqual(overTheWire(message), message);
  });

  it('tell metadata that was left out from metadata that is empty', () => {
    const left = { message: { $case: 'header', value: header(undefined) } } as const;
    assert.deepEqual(overTheWire(left), left);
    const emptied = header({ ...fullMetadata, contentType: '', origin: undefined, custom: [] });
    const empty = { message: { $case: 'header', value: emptied } } as const;
    assert.deepEqual(overTheWire(empty), empty);
  });

  it('carry any chunk, the empty one too, byte for byte', () => {
    check(
      property(uint8Array({ maxLength: 4096 }), (chunk) => {
        const { message } = overTheWire({ message: { $case: 'chunk', value: chunk } });
        assert.ok(message?.$case === 'chunk');
        assert.equal(Buffer.compare(message.value, chunk), 0);
      }),
      { examples: [[new Uint8Array(0)]] },
    );
  });

  it('hand out a decoded chunk as a view of the frame, not as a copy', () => {
    const chunk = Buffer.alloc(256 * 1024, 7);
    const frame = PutObjectRequest.encode({ message: { $case: 'chunk', value: chunk } }).finish();
    const { message } = PutObjectRequest.decode(frame);
    assert.ok(message?.$case === 'chunk');
    assert.equal(message.value.buffer, frame.buffer);
    assert.equal(message.value.byteOffset, frame.byteOffset + frame.length - chunk.length);
    assert.equal(message.value.length, chunk.length);
  });

  it('keep their bytes on the wire, so that chunks can be forwarded without decoding', () => {
    const bytes = Uint8Array.of(1, 2, 3);
    const up = PutObjectRequest.encode({ message: { $case: 'chunk', value: bytes } }).finish();
    const down = GetObjectResponse.encode({ message: { $case: 'chunk', value: bytes } }).finish();
    assert.deepEqual([...up], [0x12, 3, 1, 2, 3]);
    assert.deepEqual([...down], [...up]);
  });

  it('tell a checksum of 0 from none, and keep all 32 bits and all 64 of a size', () => {
    const checksums = [undefined, 0, 0x8000_0000, 0xffff_ffff];
    for (const crc32c of checksums) {
      const value = { size: 2n ** 64n - 1n, crc32c };
      const message = { message: { $case: 'finish', value } } as const;
      assert.deepEqual(overTheWire(message), message);
    }
  });

  it('refuse a size that does not fit into 64 bits rather than sending another one', () => {
    const value = { size: 2n ** 64n, crc32c: undefined };
    assert.throws(() => PutObjectRequest.encode({ message: { $case: 'finish', value } }));
  });

  it('ignore fields of a newer version', () => {
    const frame = PutObjectRequest.encode({ message: { $case: 'chunk', value: Buffer.of(9) } });
    frame.uint32((1000 << 3) | 2).string('from the future');
    assert.deepEqual(PutObjectRequest.decode(frame.finish()), {
      message: { $case: 'chunk', value: Uint8Array.of(9) },
    });
  });

  it('have no content when all that is set is of a newer version', () => {
    const frame = Uint8Array.of(0x7a, 1, 0x61); // Field 15, of length 1.
    assert.deepEqual(PutObjectRequest.decode(frame), { message: undefined });
  });
});

describe('the messages of a download', () => {
  it('tell every range apart', () => {
    const ranges: (object.ByteRange | undefined)[] = [
      undefined,
      { start: undefined, last: undefined },
      { start: { $case: 'first', value: 0n }, last: undefined },
      { start: { $case: 'first', value: 0n }, last: 0n },
      { start: { $case: 'first', value: 2n ** 40n }, last: 2n ** 41n },
      { start: { $case: 'suffix', value: 0n }, last: undefined },
      { start: { $case: 'suffix', value: 100n }, last: undefined },
    ];
    const frames = new Set<string>();
    for (const range of ranges) {
      const request = { objectId: undefined, range, ifRevision: undefined };
      const frame = GetObjectRequest.encode(request).finish();
      assert.deepEqual(GetObjectRequest.decode(frame), request);
      frames.add(Buffer.from(frame).toString('hex'));
    }
    assert.equal(frames.size, ranges.length);
  });

  it('carry times to the millisecond', () => {
    const info: object.ObjectInfo = {
      objectId: header(undefined).objectId,
      metadata: fullMetadata,
      revision: '01934d2e-7c1a-7000-8000-000000000000',
      size: 5n,
      crc32c: 0xe306_9283,
      timeCreated: new Date('2024-11-21T06:00:00.123Z'),
      timeExpires: undefined,
    };
    const message = { object: info, span: { offset: 0n, length: 5n } };
    assert.deepEqual(GetObjectHeader.decode(GetObjectHeader.encode(message).finish()), message);
  });
});

describe('bytes that are no message', () => {
  it('are refused with an error or read as far as they are one, and never do more', () => {
    check(
      property(uint8Array({ maxLength: 256 }), (bytes) => {
        for (const type of [PutObjectRequest, GetObjectRequest, object.BatchObjectsRequest]) {
          try {
            type.encode(type.decode(bytes) as never).finish();
          } catch (error) {
            assert.ok(error instanceof Error);
            assert.ok(!(error instanceof TypeError), String(error));
          }
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('are refused when a length points behind the end of the message', () => {
    assert.throws(() => PutObjectRequest.decode(Uint8Array.of(0x12, 5, 1)), RangeError);
  });
});
