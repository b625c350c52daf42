import { nativeChecksum as checksum } from '@holdfast/service-kit';
import assert from 'node:assert/strict';
import { payloadOf, sampleBytes } from '../../../packages/testkit/src/contracts/blob-samples.js';
import { openPayload } from '@holdfast/domain';
import {
  writePayload,
  type PayloadFile,
  type WrittenPayload,
} from '../../../packages/tier-filesystem/src/payload-writer.js';

const MiB = 1024 * 1024;
const start = 4096;

interface FakeFile extends PayloadFile {
  readonly content: Uint8Array;
  readonly log: string[];
  writesAtOnceMax: number;
}

/** A file in memory that writes at most `shortest` bytes a call. */
function createFakeFile(size: number, shortest = Infinity): FakeFile {
  const content = new Uint8Array(start + size);
  let writesAtOnce = 0;
  return {
    content,
    log: [],
    writesAtOnceMax: 0,
    async write(bytes, offset, length, position) {
      writesAtOnce += 1;
      this.writesAtOnceMax = Math.max(this.writesAtOnceMax, writesAtOnce);
      const bytesWritten = Math.min(length, shortest);
      await new Promise((resolve) => setImmediate(resolve));
      content.set(bytes.subarray(offset, offset + bytesWritten), position);
      this.log.push(`wrote to ${position + bytesWritten - start}`);
      writesAtOnce -= 1;
      return { bytesWritten };
    },
    async datasync() {
      this.log.push('flush');
    },
  };
}

function write(file: PayloadFile, bytes: Uint8Array, chunkBytes?: number): Promise<WrittenPayload> {
  const source = openPayload(payloadOf(bytes, chunkBytes));
  return writePayload(file, start, source, checksum);
}

describe('writing a payload', () => {
  it('puts every byte in its place, also when the system writes less than it was asked to', async () => {
    const bytes = sampleBytes(2 * MiB + 17);
    const file = createFakeFile(bytes.length, 100_000);
    const { size, crc32c } = await write(file, bytes, 300_001);
    assert.equal(size, bytes.length);
    assert.equal(crc32c, checksum.crc32c(bytes, 0));
    assert.ok(Buffer.from(file.content.subarray(start)).equals(bytes));
  });

  it('has one write under way at a time', async () => {
    const file = createFakeFile(3 * MiB);
    await write(file, sampleBytes(3 * MiB));
    assert.equal(file.writesAtOnceMax, 1);
  });

  it('flushes as it goes, so that little is left for the end', async () => {
    const file = createFakeFile(30 * MiB);
    await write(file, sampleBytes(30 * MiB), MiB);
    const flushes = file.log.flatMap((entry, at) => (entry === 'flush' ? [at] : []));
    assert.equal(flushes.length, 3);
    assert.ok(file.log.length - (flushes.at(-1) ?? 0) <= 10);
  });

  it('fails when a flush on the way fails, however much is written after it', async () => {
    const file = createFakeFile(30 * MiB);
    let flushes = 0;
    const failing: PayloadFile = {
      write: (...args) => file.write(...args),
      async datasync() {
        flushes += 1;
        if (flushes === 1) throw new Error('the disk lost something');
      },
    };
    await assert.rejects(write(failing, sampleBytes(30 * MiB), MiB), /lost something/);
  });

  it('waits for the write under way before it reports that another failed', async () => {
    const file = createFakeFile(3 * MiB);
    const source = openPayload(
      (async function* () {
        yield sampleBytes(MiB);
        throw new Error('gone');
      })(),
    );
    await assert.rejects(writePayload(file, start, source, checksum), /gone/);
    assert.deepEqual(file.log, [`wrote to ${MiB}`]);
  });

  it('fails when the system writes nothing', async () => {
    const file: PayloadFile = {
      write: async () => ({ bytesWritten: 0 }),
      datasync: async () => undefined,
    };
    await assert.rejects(write(file, sampleBytes(1)), /wrote nothing/);
  });
});
