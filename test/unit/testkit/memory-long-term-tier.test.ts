import { later } from '@holdfast/domain';
import { nativeChecksum as checksum } from '@holdfast/service-kit';
import { createManualClock, createMemoryLongTermTier } from '@holdfast/testkit';
import assert from 'node:assert/strict';
import {
  collect,
  createBlobSamples,
  sampleBytes,
} from '../../../packages/testkit/src/contracts/blob-samples.js';

describe('the long-term tier in memory, as the simulator uses it', () => {
  const newSample = createBlobSamples();

  it('inserts at once, and only the first of a name', () => {
    const tier = createMemoryLongTermTier({ clock: createManualClock(), checksum });
    const { name, metadata } = newSample();
    assert.equal(tier.insert(name, metadata, sampleBytes(10)).kind, 'created');
    assert.deepEqual(tier.insert(name, metadata, sampleBytes(20)), { kind: 'exists' });
    assert.deepEqual(
      tier.snapshot().map(({ name: stored, size }) => [stored, size]),
      [[name, 10]],
    );
  });

  it('has every effect before it returns its promise', () => {
    const tier = createMemoryLongTermTier({ clock: createManualClock(), checksum });
    const { name, metadata } = newSample();
    tier.insert(name, { ...metadata, timeExpires: metadata.timeCreated }, sampleBytes(10));
    const timeExpires = later(metadata.timeCreated, 1000);
    void tier.extend(name, timeExpires);
    assert.equal(tier.snapshot()[0]?.timeExpires, timeExpires);
    void tier.remove(name);
    assert.deepEqual(tier.snapshot(), []);
  });

  it('brings back what was removed last when power is lost, as it was', async () => {
    const tier = createMemoryLongTermTier({ clock: createManualClock(), checksum });
    const [earlier, last] = [newSample(), newSample()];
    for (const { name, metadata } of [earlier, last]) {
      tier.insert(name, metadata, sampleBytes(10));
      await tier.remove(name);
    }
    tier.losePower();
    assert.deepEqual(
      tier.snapshot().map(({ name, size }) => [name, size]),
      [[last.name, 10]],
    );
    assert.equal((await tier.remove(last.name)).kind, 'removed');
  });

  it('keeps its own copy of the bytes', async () => {
    const tier = createMemoryLongTermTier({ clock: createManualClock(), checksum });
    const { name, metadata } = newSample();
    const bytes = Buffer.from(sampleBytes(100));
    tier.insert(name, metadata, bytes);
    bytes.fill(0);
    const read = await tier.read(name);
    assert.equal(read.kind, 'found');
    assert.deepEqual(await collect(read.payload), Buffer.from(sampleBytes(100)));
  });

  it('serves damaged bytes beside the checksum of the right ones', async () => {
    const tier = createMemoryLongTermTier({ clock: createManualClock(), checksum });
    const { name, metadata } = newSample();
    tier.insert(name, metadata, sampleBytes(100));
    tier.damage(name, 50);
    const read = await tier.read(name);
    assert.equal(read.kind, 'found');
    const bytes = await collect(read.payload);
    assert.equal(read.crc32c, checksum.crc32c(sampleBytes(100), 0));
    assert.notEqual(checksum.crc32c(bytes, 0), read.crc32c);
  });
});
