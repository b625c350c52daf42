import assert from 'node:assert/strict';
import type { PendingOperation } from '../../../../packages/rpc/src/client/batch-operation.js';
import { createBatchQueue } from '../../../../packages/rpc/src/client/batch-queue.js';

function operation(bytes: number, deadline = 1_000): PendingOperation {
  const sink = { result: () => undefined, failed: () => undefined };
  return { bytes: new Uint8Array(bytes), deadline, sink, index: 0, abandonedAt: undefined };
}

describe('the queue of a batch session', () => {
  it('gives the operations in the order they came, as many as fit into a message', () => {
    const queue = createBatchQueue(100, 10_000);
    const all = [operation(100), operation(100), operation(100), operation(1)];
    for (const one of all) queue.add(one);
    assert.deepEqual(queue.take(2, 1_000), all.slice(0, 2));
    assert.deepEqual(queue.take(10, 120), all.slice(2, 3));
    assert.deepEqual(queue.take(10, 120), all.slice(3));
    assert.deepEqual(queue.take(10, 120), []);
  });

  it('gives one that is larger than a message alone', () => {
    const queue = createBatchQueue(100, 10_000);
    queue.add(operation(500));
    queue.add(operation(1));
    assert.equal(queue.take(10, 100).length, 1);
  });

  it('has room by number and by bytes, and room again for what was taken', () => {
    const queue = createBatchQueue(2, 100);
    assert.equal(queue.hasRoom(101), false);
    queue.add(operation(60));
    assert.equal(queue.hasRoom(40), true);
    assert.equal(queue.hasRoom(41), false);
    queue.add(operation(1));
    assert.equal(queue.hasRoom(0), false);
    queue.take(1, 1_000);
    assert.equal(queue.hasRoom(99), true);
    assert.equal(queue.hasRoom(100), false);
  });

  it('parts with those whose deadline has come, and with their bytes', () => {
    const queue = createBatchQueue(10, 100);
    const [late, soon, later] = [operation(50, 10), operation(20, 20), operation(30, 30)];
    for (const one of [later, late, soon]) queue.add(one);
    assert.deepEqual(queue.takeOverdue(20), [late, soon]);
    assert.equal(queue.length(), 1);
    assert.equal(queue.hasRoom(70), true);
    assert.equal(queue.hasRoom(71), false);
  });
});
