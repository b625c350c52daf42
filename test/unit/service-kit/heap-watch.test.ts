import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { heapFlags } from '../../../deploy/local/heap-flags.js';
import { createHeapWatch } from '../../../packages/service-kit/src/lifecycle/heap-watch.js';
import { sourceFlags } from '../../support/child-process.js';

const MiB = 1_024 * 1_024;
const childFile = fileURLToPath(new URL('heap-watch-child.ts', import.meta.url));
const timeout = 20_000;

/** A heap of so much, and a collector that takes its time and leaves what lives. */
function createHeap(aliveMiB: number, collectMs = 0) {
  const heap = { aliveMiB, usedMiB: aliveMiB, nowMs: 0, collections: 0 };
  const look = createHeapWatch({
    collect() {
      heap.collections += 1;
      heap.usedMiB = heap.aliveMiB;
      heap.nowMs += collectMs;
    },
    oldBytes: () => heap.usedMiB * MiB,
    nowMs: () => heap.nowMs,
  });
  return { heap, look };
}

describe('The heap of a service', () => {
  it('is rid of garbage that outlived the young generation, though no payload passes', () => {
    const flags = [...sourceFlags, ...heapFlags];
    const options = { encoding: 'utf8', timeout } as const;
    assert.equal(execFileSync(process.execPath, [...flags, childFile], options), 'full\nempty\n');
  });

  it('is told of when V8 was told not to look, and the service is not able to', () => {
    const flags = [...sourceFlags, '--no-incremental-marking'];
    const options = { encoding: 'utf8', timeout } as const;
    const said = execFileSync(process.execPath, [...flags, childFile, 'end'], options);
    assert.match(said, /--no-incremental-marking needs --expose-gc/);
  });

  for (const [aliveMiB, growthMiB] of [
    [10, 12],
    [100, 50],
  ] as const) {
    it(`of ${aliveMiB} MiB that live is collected when it has grown by more than ${growthMiB}`, () => {
      const { heap, look } = createHeap(aliveMiB);
      heap.usedMiB = aliveMiB + growthMiB;
      look();
      assert.equal(heap.collections, 0);
      heap.usedMiB += 1;
      look();
      assert.deepEqual([heap.collections, heap.usedMiB], [1, aliveMiB]);
    });
  }

  it('is measured from what V8 itself has left', () => {
    const { heap, look } = createHeap(100);
    heap.usedMiB = 20;
    look();
    heap.usedMiB = 33;
    look();
    assert.equal(heap.collections, 1);
  });

  it('is measured from what lives after a collection', () => {
    const { heap, look } = createHeap(10);
    [heap.aliveMiB, heap.usedMiB] = [60, 60];
    look();
    heap.usedMiB = 90;
    look();
    assert.equal(heap.collections, 1);
  });

  it('is left alone for 20 times as long as collecting it took', () => {
    const { heap, look } = createHeap(10, 100);
    heap.usedMiB = 30;
    look();
    heap.usedMiB = 30;
    heap.nowMs += 1_999;
    look();
    assert.equal(heap.collections, 1);
    heap.nowMs += 1;
    look();
    assert.equal(heap.collections, 2);
  });
});
