import type { BlobName, LongTermTier } from '@holdfast/domain';
import { nativeChecksum as checksum } from '@holdfast/service-kit';
import {
  createManualClock,
  createMemoryLongTermTier,
  withHooks,
  type MemoryLongTermTier,
} from '@holdfast/testkit';
import assert from 'node:assert/strict';
import { createBlobSamples } from '../../../packages/testkit/src/contracts/blob-samples.js';

describe('a port with hooks', () => {
  const newSample = createBlobSamples();
  let real: MemoryLongTermTier;

  beforeEach(() => {
    real = createMemoryLongTermTier({ clock: createManualClock(), checksum });
  });

  function insert(): BlobName {
    const { name, metadata } = newSample();
    real.insert(name, metadata, Buffer.from('abc'));
    return name;
  }

  it('does what the real one does while there is no hook', async () => {
    const { port } = withHooks(real);
    const name = insert();
    assert.deepEqual(await port.remove(name), { kind: 'removed', size: 3 });
    assert.deepEqual(port.snapshot(), []);
  });

  it('has its effect at once while there is no hook', () => {
    const { port } = withHooks(real);
    void port.remove(insert());
    assert.deepEqual(real.snapshot(), []);
  });

  it('does not call the method when the hook before it throws', async () => {
    const { port, hook } = withHooks<LongTermTier>(real);
    const name = insert();
    const given: BlobName[] = [];
    hook('remove', {
      before(removed) {
        given.push(removed);
        throw new Error('refused');
      },
    });
    await assert.rejects(port.remove(name), /refused/);
    assert.deepEqual(given, [name]);
    assert.equal(real.snapshot().length, 1);
  });

  it('has had its effect when the hook after it throws, and the reply is lost', async () => {
    const { port, hook } = withHooks<LongTermTier>(real);
    const name = insert();
    const seen: unknown[] = [];
    hook('remove', {
      after(result, removed) {
        seen.push(result.kind, removed);
        throw new Error('lost');
      },
    });
    await assert.rejects(port.remove(name), /lost/);
    assert.deepEqual(seen, ['removed', name]);
    assert.deepEqual(real.snapshot(), []);
  });

  it('answers what the hook in its place answers', async () => {
    const { port, hook } = withHooks<LongTermTier>(real);
    const name = insert();
    hook('head', { instead: async () => ({ kind: 'absent' }) });
    assert.deepEqual(await port.head(name), { kind: 'absent' });
    assert.equal((await port.read(name)).kind, 'found');
  });

  it('waits for hooks, and runs those of one method in the order they were added', async () => {
    const { port, hook } = withHooks<LongTermTier>(real);
    const steps: string[] = [];
    const note = async (step: string): Promise<void> => {
      await Promise.resolve();
      steps.push(step);
    };
    hook('head', { before: () => note('before 1'), after: () => note('after 1') });
    hook('head', { before: () => note('before 2'), after: () => note('after 2') });
    await port.head(insert());
    assert.deepEqual(steps, ['before 1', 'before 2', 'after 1', 'after 2']);
  });

  it('does what the real one does again once a hook is removed, and keeps the others', async () => {
    const { port, hook } = withHooks<LongTermTier>(real);
    const name = insert();
    let calls = 0;
    hook('head', { before: () => void (calls += 1) });
    const unhook = hook('head', {
      before() {
        throw new Error('down');
      },
    });
    await assert.rejects(port.head(name), /down/);
    unhook();
    assert.equal((await port.head(name)).kind, 'found');
    assert.equal(calls, 2);
  });
});
