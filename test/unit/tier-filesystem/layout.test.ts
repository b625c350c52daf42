import type { BlobName } from '@holdfast/domain';
import * as fc from 'fast-check';
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  isBlobHash,
  isTemporary,
  layoutOf,
  newTemporary,
  placeOf,
} from '../../../packages/tier-filesystem/src/layout.js';
import { basename } from 'node:path';

const layout = layoutOf('/store');
const pathOf = (name: string): string => placeOf(layout, name as BlobName).path;

describe('the file of a blob', () => {
  it('is another for every other name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (one, other) => {
        assert.equal(pathOf(one) === pathOf(other), one === other);
      }),
    );
  });

  it('is another for names that differ only in case, composition or slashes', () => {
    const names = ['a/b', 'A/b', 'a//b', 'a/b/', 'a/./b', 'é', 'e\u0301', 'a', 'a '];
    assert.equal(new Set(names.map(pathOf)).size, names.length);
  });

  it('is named by digits alone and stays in the store, whatever the name', () => {
    const names = ['../../etc/passwd', '/', '..', '\u0000', 'CON', 'x'.repeat(5000), '🗄'];
    for (const name of names) {
      assert.match(pathOf(name), /^\/store\/blobs\/([0-9a-f]{3})\/\1[0-9a-f]{61}$/);
    }
  });

  it('is named by the SHA-256 of the name, under its first three digits', () => {
    const hash = createHash('sha256').update(Buffer.from('Ünï/cödé')).digest('hex');
    assert.equal(pathOf('Ünï/cödé'), `/store/blobs/${hash.slice(0, 3)}/${hash}`);
    assert.ok(isBlobHash(hash));
  });
});

describe('a temporary file', () => {
  it('is recognised as one, and never shares its name', () => {
    const names = Array.from({ length: 100 }, () => basename(newTemporary(layout, 'create')));
    assert.equal(new Set(names).size, 100);
    assert.ok(names.every(isTemporary));
  });

  it('is not taken for one when its name is of no such kind', () => {
    for (const name of [
      'notes.txt',
      'create-',
      'create-x',
      `extend-${'ab'.repeat(32)}`,
      '..',
      'create-1/2',
    ]) {
      assert.equal(isTemporary(name), false, name);
    }
  });
});
