import { object } from '@holdfast/contracts';
import { parseObjectId } from '@holdfast/domain';
import { splitBatchResponse, splitGetResult, parseBatchResult } from '@holdfast/rpc';
import { createCountingIds, createManualClock } from '@holdfast/testkit';
import assert from 'node:assert/strict';
import { createGetResultEncoder } from '../../../services/tiered-store/src/batch/encoded-result.js';
import { joinResults, resultBytes } from '../../../services/tiered-store/src/batch/join-results.js';
import { plainMetadata } from '../../support/engine/store-under-test.js';
import { sampleBytes } from '../../support/engine/payloads.js';

describe('A message of results', () => {
  const clock = createManualClock();
  const getResults = createGetResultEncoder();
  const id = parseObjectId({ usecase: 'photos', scopes: [{ name: 'org', value: '1' }], key: 'ä' });

  function entry(index: number, payload: Uint8Array | undefined) {
    const length = payload?.length ?? 5;
    const metadata = {
      ...plainMetadata,
      revision: createCountingIds(clock).revision(),
      timeCreated: clock.now(),
      size: length,
      crc32c: 7,
    };
    const span = { offset: 0, length };
    return { index, result: getResults.encode(id, { metadata, span }, payload) };
  }

  for (const bytes of [undefined, 0, 1, 100, 127, 128, 16_384, 1_048_576]) {
    for (const index of [0, 127, 128, 2 ** 32 - 1]) {
      it(`carries a payload of ${bytes ?? 'no'} bytes under ${index}, and is as long as was said`, () => {
        const payload = bytes === undefined ? undefined : sampleBytes(bytes);
        const entries = [entry(index, payload), entry(3, undefined)];
        const message = joinResults(entries);
        assert.equal(
          message.length,
          entries.reduce((sum, one) => sum + resultBytes(one), 0),
        );
        const [first, second] = object.BatchObjectsResponse.decode(message).results;
        assert.deepEqual([first?.index, second?.index], [index, 3]);
        assert(first?.outcome?.$case === 'get');
        assert.deepEqual(first.outcome.value.object?.objectId?.key, 'ä');
        const { payload: carried } = first.outcome.value;
        assert.deepEqual(carried && Buffer.from(carried), payload && Buffer.from(payload));
      });
    }
  }

  it('is parted by a gateway without copying a payload', () => {
    const payload = sampleBytes(1_000);
    const message = joinResults([entry(1, payload)]);
    const [raw] = splitBatchResponse(message);
    const outcome = parseBatchResult(raw?.bytes ?? assert.fail());
    const { header, payload: parted } = splitGetResult(outcome.bytes);
    assert.equal(parted?.buffer, message.buffer);
    assert.deepEqual(Buffer.from(parted), Buffer.from(payload));
    assert.equal(object.GetObjectHeader.decode(header).span?.length, 1_000n);
  });
});
