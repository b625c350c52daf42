import assert from 'node:assert/strict';
import { batchLimits } from '../../../services/tiered-store/src/batch/batch-limits.js';
import { holdNext } from '../../support/engine/hold.js';
import { sampleBytes, small } from '../../support/engine/payloads.js';
import { useStore } from '../../support/engine/store-under-test.js';
import { openMemoryTiers } from '../../support/memory-tiers.js';
import { errorOf, openBatch } from './batch-call.js';
import { until } from './fake-call.js';
import { putOf } from './operations.js';
import { serve } from './service-under-test.js';

const quietMs = 1_000;
const shuttingDown = { reason: 'SHUTTING_DOWN', code: 14 };

describe('A batch while the server drains', () => {
  const store = useStore(openMemoryTiers);

  it('finishes what runs, begins nothing more, and ends with SHUTTING_DOWN', async () => {
    const service = serve(store(), { admission: { inFlightMax: 1, bulkShare: 1 } });
    const batch = openBatch(service);
    const put = holdNext(store().highVolume, 'putInline');
    batch.send(putOf(1, 'a', small()), putOf(2, 'b', small()));
    await put.reached;
    service.draining.abort();
    await batch.answered(1);
    assert.equal(errorOf(batch.resultOf(2)).reason, 'SHUTTING_DOWN');
    batch.send(putOf(3, 'c', small()));
    await batch.answered(2);
    assert.equal(errorOf(batch.resultOf(3)).reason, 'SHUTTING_DOWN');
    put.release();
    await batch.answered(3);
    assert.equal(batch.resultOf(1).outcome?.$case, 'put');
    for (let round = 0; round < 2; round += 1) await pass(quietMs);
    await assert.rejects(batch.ended, shuttingDown);
    assert.deepEqual([service.admission.inFlight(), service.payloadBytes.used()], [0, 0]);
  });

  it('answers what is still on its way when it is idle, and ends when no more comes', async () => {
    const service = serve(store());
    const batch = openBatch(service);
    const end = endOf(batch.ended);
    service.draining.abort();
    await pass(quietMs - 1);
    batch.send(putOf(1, 'a', small()));
    await batch.answered(1);
    assert.equal(errorOf(batch.resultOf(1)).reason, 'SHUTTING_DOWN');
    await pass(1);
    assert.equal(end(), undefined);
    await pass(quietMs);
    await assert.rejects(batch.ended, shuttingDown);
  });

  it('answers a message that waits for room, and does nothing of it', async () => {
    const service = serve(store(), { payloadBytesMax: 1_500 });
    const batch = openBatch(service);
    const put = holdNext(store().highVolume, 'putInline');
    batch.send(putOf(1, 'a', sampleBytes(1_000)));
    await put.reached;
    batch.send(putOf(2, 'b', sampleBytes(1_000)));
    await until(() => service.payloadBytes.waiting() === 1);
    service.draining.abort();
    await batch.answered(1);
    assert.equal(errorOf(batch.resultOf(2)).reason, 'SHUTTING_DOWN');
    put.release();
    await batch.answered(2);
    await pass(quietMs);
    await assert.rejects(batch.ended, shuttingDown);
    assert.equal(service.payloadBytes.used(), 0);
  });

  it('ends well as soon as its caller half-closes', async () => {
    const service = serve(store());
    const batch = openBatch(service);
    service.draining.abort();
    batch.send(putOf(1, 'a', small()));
    batch.requests.end();
    await batch.ended;
    assert.equal(errorOf(batch.resultOf(1)).reason, 'SHUTTING_DOWN');
  });

  it('ends when nothing comes, also when it is opened only then', async () => {
    const service = serve(store());
    const idle = openBatch(service);
    service.draining.abort();
    const late = openBatch(service);
    await pass(quietMs);
    await assert.rejects(idle.ended, shuttingDown);
    await assert.rejects(late.ended, shuttingDown);
  });

  it('ends after a few rounds although its caller goes on sending', async () => {
    const service = serve(store());
    const batch = openBatch(service);
    const end = endOf(batch.ended);
    service.draining.abort();
    for (let sent = 1; sent <= 3; sent += 1) {
      assert.equal(end(), undefined);
      batch.send(putOf(sent, 'a', small()));
      await batch.answered(sent);
      await pass(quietMs);
    }
    await assert.rejects(batch.ended, shuttingDown);
  });

  it('waits a second at most, and less when the drain is short', () => {
    assert.equal(batchLimits(25_000).drainQuietMs, quietMs);
    assert.equal(batchLimits(2_000).drainQuietMs, 200);
  });

  /** Lets what is under way come about before time passes, and after. */
  async function pass(ms: number): Promise<void> {
    await turns(5);
    store().clock.advance(ms);
    await turns(5);
  }
});

/** Whether it has ended by now. */
function endOf(ended: Promise<void>): () => 'ended' | undefined {
  let end: 'ended' | undefined;
  const note = (): void => void (end = 'ended');
  ended.then(note, note);
  return () => end;
}

async function turns(count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) await new Promise((resolve) => setImmediate(resolve));
}
