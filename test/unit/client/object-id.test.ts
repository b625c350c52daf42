import { formatObjectReference, HoldfastError, parseObjectReference } from '@holdfast/client';
import fc from 'fast-check';
import assert from 'node:assert/strict';
import {
  toListContext,
  toNewObjectId,
  toObjectId,
} from '../../../packages/client/src/object-id.js';

const cat = {
  usecase: 'photos',
  scopes: [
    { name: 'org', value: '42' },
    { name: 'project', value: '7' },
  ],
  key: '2026/cat.jpg',
};

describe('the name of an object', () => {
  it('may be given as text', () => {
    assert.deepEqual(parseObjectReference('photos/org=42/project=7:2026/cat.jpg'), cat);
    assert.deepEqual(parseObjectReference('photos:a:b=c'), {
      usecase: 'photos',
      scopes: [],
      key: 'a:b=c',
    });
  });

  it('may be given in parts, with scopes as pairs or as objects', () => {
    const scopes = [['org', '42'], { name: 'project', value: '7' }] as const;
    assert.deepEqual(toObjectId({ usecase: 'photos', scopes, key: '2026/cat.jpg' }), cat);
    assert.deepEqual(toObjectId({ usecase: 'photos', key: 'a' }).scopes, []);
  });

  it('survives the way to text and back', () => {
    const word = fc.stringMatching(/^[A-Za-z0-9\-_()$!+']{1,10}$/);
    const plain = { noNullPrototype: true };
    const parts = {
      usecase: fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_-]{0,20}$/),
      scopes: fc.array(fc.record({ name: word, value: word }, plain), { maxLength: 5 }),
      key: fc.stringMatching(/^[ -~äß🐈]{1,40}$/u),
    };
    fc.assert(
      fc.property(fc.record(parts, plain), (given) => {
        assert.deepEqual(parseObjectReference(formatObjectReference(given)), given);
      }),
    );
  });

  const wrong = {
    photos: 'reference',
    'photos/org:a': 'reference',
    ':a': 'object_id.usecase',
    'photos/=42:a': 'object_id.scopes[0].name',
    'photos/org=:a': 'object_id.scopes[0].value',
    'photos:': 'object_id.key',
    'photos:a\nb': 'object_id.key',
  };
  for (const [reference, field] of Object.entries(wrong)) {
    it(`${JSON.stringify(reference)} is refused, for its ${field}`, () => {
      assert.throws(
        () => parseObjectReference(reference),
        (error) => {
          assert.ok(error instanceof HoldfastError);
          assert.equal(error.code, 'INVALID_ARGUMENT');
          assert.equal(error.reason, 'INVALID_OBJECT_ID');
          assert.equal(error.violations[0]?.field, field);
          return true;
        },
      );
    });
  }

  it('gets a key where it has none', () => {
    const makeKey = (): string => 'made';
    assert.equal(toNewObjectId({ usecase: 'photos' }, makeKey).key, 'made');
    assert.equal(toNewObjectId('photos/org=42:', makeKey).key, 'made');
    assert.equal(toNewObjectId('photos:mine', makeKey).key, 'mine');
  });

  it('may be the beginning of many', () => {
    const texts = ['photos', 'photos/org=42', 'photos/org=42:', 'photos/org=42:2026/'];
    const prefixes = [undefined, undefined, '', '2026/'];
    for (const [at, text] of texts.entries()) {
      const context = toListContext(text);
      assert.equal(context.keyPrefix, prefixes[at]);
    }
  });
});
