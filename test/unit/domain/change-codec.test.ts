import {
  blobNameOf,
  decodeChange,
  decodeChangeKey,
  encodeChange,
  encodeChangeKey,
  revisionOf,
  type Change,
} from '@holdfast/domain';
import { createManualClock, createRowFixtures, plain } from '@holdfast/testkit';
import assert from 'node:assert/strict';
import { bitFlipsOf, isUnreadable, truncationsOf } from './damage.js';

describe('the codec of changes', () => {
  const clock = createManualClock();
  const make = createRowFixtures(clock);
  const objectId = make.id('caf\u00e9 \u{1f600}/objects/100%', 'log', [
    { name: 'o', value: "$!'" },
  ]);
  const changeId = make.changeId();
  const base = { changeId, objectId, deadline: clock.now() };
  const newBlob = blobNameOf(objectId, revisionOf(changeId));
  const oldBlob = blobNameOf(objectId, make.revision());
  const changes: Readonly<Record<string, Change>> = {
    'a change without blobs': base,
    'a change with a new blob': { ...base, newBlob },
    'a change with an old blob': { ...base, oldBlob },
    'a change with both blobs': { ...base, newBlob, oldBlob },
  };

  for (const [name, change] of Object.entries(changes)) {
    it(`reads ${name} as it was written`, () => {
      assert.deepEqual(plain(decodeChange(encodeChange(change), changeId)), plain(change));
    });

    it(`finds ${name} unreadable at whatever byte it is cut off, and with one too many`, () => {
      const bytes = encodeChange(change);
      for (const damaged of [...truncationsOf(bytes), Buffer.concat([bytes, Buffer.of(0)])]) {
        assert.throws(() => decodeChange(damaged, changeId), isUnreadable);
      }
    });

    it(`finds ${name} unreadable with any bit of its format or its flags flipped`, () => {
      const bytes = encodeChange(change);
      for (const damaged of [...bitFlipsOf(bytes, 0), ...bitFlipsOf(bytes, 1)]) {
        assert.throws(() => decodeChange(damaged, changeId), isUnreadable);
      }
    });

    it(`throws nothing but UNREADABLE for ${name} with any other bit flipped`, () => {
      const bytes = encodeChange(change);
      for (let offset = 0; offset < bytes.length; offset += 1) {
        for (const damaged of bitFlipsOf(bytes, offset)) {
          try {
            decodeChange(damaged, changeId);
          } catch (error) {
            assert.ok(isUnreadable(error), String(error));
          }
        }
      }
    });
  }

  it('has keys that read back as the id and sort as ids do', () => {
    const ids = Array.from({ length: 50 }, () => make.changeId()).toSorted();
    const keys = ids.map((id) => encodeChangeKey(id));
    assert.deepEqual(
      keys.map((key) => decodeChangeKey(key)),
      ids,
    );
    assert.deepEqual(
      keys.toSorted((left, right) => Buffer.compare(left, right)),
      keys,
    );
  });

  it('knows a key of its own from any other', () => {
    const key = encodeChangeKey(make.changeId());
    const others = [...truncationsOf(key), Buffer.concat([key, Buffer.of(0)]), Buffer.alloc(16)];
    for (const other of others) assert.equal(decodeChangeKey(other), undefined);
  });
});
