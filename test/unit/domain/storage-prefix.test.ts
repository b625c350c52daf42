import { parseObjectId, parseStoragePrefix, type ObjectId, type Scope } from '@holdfast/domain';
import fc from 'fast-check';
import assert from 'node:assert/strict';
import { collidingParts, collidingScope } from './arbitraries.js';
import { assertRefused } from './invalid-input.js';

const anyContext = fc.record({
  usecase: fc.constantFrom('a', 'b', 'ab', 'a-', 'objects'),
  scopes: fc.array(collidingScope, { maxLength: 2 }),
  keyPrefix: fc.option(fc.constantFrom('', 'a', 'a.', 'a.b', '/', 'objects', 'objects/', 'é'), {
    nil: undefined,
  }),
});

describe('a storage prefix', () => {
  it('matches the objects of its context and no other', () => {
    fc.assert(
      fc.property(collidingParts, anyContext, (parts, context) => {
        const id = parseObjectId(parts);
        const matches = id.path.startsWith(parseStoragePrefix(context));
        const meant =
          context.usecase === id.usecase &&
          scopesBegin(id, context.scopes) &&
          (context.keyPrefix === undefined ||
            (context.scopes.length === id.scopes.length && id.key.startsWith(context.keyPrefix)));
        assert.equal(matches, meant);
      }),
      { numRuns: 20_000 },
    );
  });

  it('without scopes does not reach into a usecase that begins alike', () => {
    const prefix = parseStoragePrefix({ usecase: 'app', scopes: [] });
    assert.equal(prefix, 'app/');
    assert.ok(!parseObjectId({ usecase: 'app-2', scopes: [], key: 'k' }).path.startsWith(prefix));
  });

  it('does not reach into a scope whose value begins alike', () => {
    const prefix = parseStoragePrefix({ usecase: 'u', scopes: [{ name: 'org', value: '1' }] });
    const scopes = [{ name: 'org', value: '17' }];
    assert.ok(!parseObjectId({ usecase: 'u', scopes, key: 'k' }).path.startsWith(prefix));
  });

  it('with an empty key prefix means exactly its scopes', () => {
    const prefix = parseStoragePrefix({ usecase: 'u', scopes: [], keyPrefix: '' });
    assert.ok(parseObjectId({ usecase: 'u', scopes: [], key: 'k' }).path.startsWith(prefix));
    const scopes = [{ name: 'a', value: 'b' }];
    assert.ok(!parseObjectId({ usecase: 'u', scopes, key: 'k' }).path.startsWith(prefix));
  });

  it('is at most as long as a path', () => {
    const room = 900 - 'u/objects/'.length;
    parseStoragePrefix({ usecase: 'u', scopes: [], keyPrefix: 'k'.repeat(room) });
    const tooLong = { usecase: 'u', scopes: [], keyPrefix: 'k'.repeat(room + 1) };
    assertRefused(() => parseStoragePrefix(tooLong), 'INVALID_OBJECT_ID', 'key_prefix');
  });

  it('names the part of the list request that is wrong', () => {
    const wrong = {
      usecase: { usecase: 'a/b', scopes: [] },
      scopes: {
        usecase: 'u',
        scopes: Array.from({ length: 17 }, () => ({ name: 'a', value: 'b' })),
      },
      'scopes[0].name': { usecase: 'u', scopes: [{ name: '', value: 'b' }] },
      'scopes[0].value': { usecase: 'u', scopes: [{ name: 'a', value: '.' }] },
      key_prefix: { usecase: 'u', scopes: [], keyPrefix: '\ud83d' },
    };
    for (const [field, context] of Object.entries(wrong)) {
      assertRefused(() => parseStoragePrefix(context), 'INVALID_OBJECT_ID', field);
    }
  });
});

function scopesBegin(id: ObjectId, scopes: readonly Scope[]): boolean {
  return scopes.every(
    ({ name, value }, index) => id.scopes[index]?.name === name && id.scopes[index].value === value,
  );
}
