import { DomainError, limits, parseObjectId, parseStoragePath, type Scope } from '@holdfast/domain';
import fc from 'fast-check';
import assert from 'node:assert/strict';
import { collidingParts, hostileText } from './arbitraries.js';
import { assertRefused } from './invalid-input.js';

describe('object ids', () => {
  it('are written as usecase, scopes, objects and key', () => {
    const scopes = [
      { name: 'org', value: '17' },
      { name: 'project', value: "(a)$!+'_-" },
    ];
    const { path } = parseObjectId({ usecase: 'attachments', scopes, key: 'a/b' });
    assert.equal(path, "attachments/org.17/project.(a)$!+'_-/objects/a/b");
  });

  it('come back from their path', () => {
    fc.assert(
      fc.property(collidingParts, (parts) => {
        const id = parseObjectId(parts);
        assert.deepEqual(parseStoragePath(id.path), id);
        assert.deepEqual({ usecase: id.usecase, scopes: id.scopes, key: id.key }, parts);
      }),
      { numRuns: 2_000 },
    );
  });

  it('that differ never share a path', () => {
    fc.assert(
      fc.property(collidingParts, collidingParts, (left, right) => {
        const same = JSON.stringify(left) === JSON.stringify(right);
        assert.equal(parseObjectId(left).path === parseObjectId(right).path, same);
      }),
      { numRuns: 20_000 },
    );
  });

  it('whose scopes and keys were written to look alike do not share a path', () => {
    const scope = { name: 'a', value: 'b' };
    const paths = [
      parseObjectId({ usecase: 'u', scopes: [], key: 'a.b/objects/k' }),
      parseObjectId({ usecase: 'u', scopes: [scope], key: 'k' }),
      parseObjectId({ usecase: 'u', scopes: [scope], key: 'objects/k' }),
      parseObjectId({ usecase: 'u', scopes: [scope, scope], key: 'k' }),
      parseObjectId({ usecase: 'u', scopes: [], key: 'objects' }),
      parseObjectId({ usecase: 'u', scopes: [], key: 'objects/objects' }),
    ].map(({ path }) => path);
    assert.equal(new Set(paths).size, paths.length);
  });

  it('never come from a path that is not theirs, whatever it holds', () => {
    const near = fc
      .tuple(fc.constantFrom('a/', 'a/b.c/', ''), hostileText)
      .map((both) => both.join(''));
    const midway = hostileText.map((text) => `a/b.c/objects/${text}`);
    fc.assert(
      fc.property(fc.oneof(hostileText, near, midway), (path) => {
        const id = idOrRefusal(() => parseStoragePath(path));
        if (id !== undefined) assert.equal(id.path, path);
      }),
      { numRuns: 5_000 },
    );
  });

  it('made of hostile parts are refused or come back from their path', () => {
    const scope = fc.record({ name: hostileText, value: hostileText });
    const parts = fc.record({
      usecase: fc.oneof(fc.constant('u'), hostileText),
      scopes: fc.array(scope, { maxLength: 1 }),
      key: hostileText,
    });
    fc.assert(
      fc.property(parts, (given) => {
        const id = idOrRefusal(() => parseObjectId(given));
        if (id !== undefined) assert.deepEqual(parseStoragePath(id.path), id);
      }),
      { numRuns: 5_000 },
    );
  });

  it('need an objects segment after the usecase', () => {
    for (const path of ['', 'u', 'u/a.b/k', 'u/object/k']) {
      assertRefused(() => parseStoragePath(path), 'INVALID_OBJECT_ID', 'path');
    }
    assertRefused(() => parseStoragePath('/objects/k'), 'INVALID_OBJECT_ID', 'object_id.usecase');
    assertRefused(() => parseStoragePath('u/objects/'), 'INVALID_OBJECT_ID', 'object_id.key');
    assertRefused(() => parseStoragePath('u/objects'), 'INVALID_OBJECT_ID', 'object_id.key');
    const name = 'object_id.scopes[0].name';
    assertRefused(() => parseStoragePath('u/a/objects/k'), 'INVALID_OBJECT_ID', name);
    assertRefused(() => parseStoragePath('u//objects/k'), 'INVALID_OBJECT_ID', name);
  });
});

describe('the key of an object', () => {
  const harmless = ['.', '..', '../..', '//', '/a', 'a/', 'a//b', 'objects', 'a/objects/b'];
  for (const key of [...harmless, ' ', '%2e%2e', 'C:\\x', '😀', 'a.b', '\u200b', 'ﬀ', '\ue000']) {
    it(`may be ${JSON.stringify(key)}`, () => {
      const id = idWithKey(key);
      assert.equal(id.path, `u/objects/${key}`);
      assert.equal(parseStoragePath(id.path).key, key);
    });
  }

  const forbidden = {
    'a control character of C0': '\u0000\u0001\t\n\r\u001f',
    'the delete character': '\u007f',
    'a control character of C1': '\u0080\u0085\u009f',
    'a lone surrogate': '\ud800\udbff\udc00\udfff',
  };
  for (const [what, characters] of Object.entries(forbidden)) {
    it(`never contains ${what}`, () => {
      for (const character of characters.split('')) {
        for (const key of [character, `a${character}`, `${character}a`, `a${character}b`]) {
          assertRefused(() => idWithKey(key), 'INVALID_OBJECT_ID', 'object_id.key');
        }
      }
    });
  }

  it('may contain the neighbours of control characters', () => {
    for (const key of ['\u0020', '\u007e', '\u00a0', '\ud7ff', '\u{10000}', '\u{10ffff}']) {
      assert.equal(idWithKey(key).key, key);
    }
  });

  it('keeps characters apart that look or normalise alike', () => {
    const groups = [
      '\u00e9|e\u0301',
      '\u00c5|\u212b|A\u030a',
      '\ufb01|fi',
      'a|A',
      'ς|σ',
      '①|1',
      'a|a\u200d',
    ];
    for (const alike of groups.map((group) => group.split('|'))) {
      assert.equal(new Set(alike.map((key) => idWithKey(key).path)).size, alike.length);
      for (const key of alike) assert.equal(parseStoragePath(idWithKey(key).path).key, key);
    }
  });

  it('is not empty', () => {
    assertRefused(() => idWithKey(''), 'INVALID_OBJECT_ID', 'object_id.key');
  });
});

describe('the usecase of an object', () => {
  it('has 1 to 64 characters', () => {
    const allowed = [1, 63, 64].map((length) => 'u'.repeat(length));
    for (const usecase of allowed)
      assert.equal(parseObjectId(partsWith({ usecase })).usecase, usecase);
    for (const usecase of ['', 'u'.repeat(65)]) assertUsecaseRefused(usecase);
  });

  it('is of letters, digits, _ and -, and begins with a letter or digit', () => {
    for (const usecase of ['0', 'Z-_9', 'objects']) parseObjectId(partsWith({ usecase }));
    for (const usecase of ['-a', '_a', 'a.b', 'a/b', 'ä', 'a ', ' a', 'a\n', 'a\u0000']) {
      assertUsecaseRefused(usecase);
    }
  });
});

describe('the scopes of an object', () => {
  it('are at most 16', () => {
    for (const count of [0, 15, 16]) {
      assert.equal(parseObjectId(partsWith({ scopes: scopesOf(count) })).scopes.length, count);
    }
    const seventeen = partsWith({ scopes: scopesOf(17) });
    assertRefused(() => parseObjectId(seventeen), 'INVALID_OBJECT_ID', 'object_id.scopes');
  });

  it('have names and values of their own alphabet, and the wrong one is named', () => {
    for (const wrong of ['', '.', 'a.b', 'a/b', 'a b', 'ä', 'a\n', '%', '*', '~', ',', '&']) {
      const byName = partsWith({
        scopes: [
          { name: 'a', value: 'b' },
          { name: wrong, value: 'b' },
        ],
      });
      assertRefused(() => parseObjectId(byName), 'INVALID_OBJECT_ID', 'object_id.scopes[1].name');
      const byValue = partsWith({ scopes: [{ name: 'a', value: wrong }] });
      assertRefused(() => parseObjectId(byValue), 'INVALID_OBJECT_ID', 'object_id.scopes[0].value');
    }
  });

  it('are ordered', () => {
    const [one, two] = scopesOf(2);
    assert.ok(one !== undefined && two !== undefined);
    const forth = parseObjectId(partsWith({ scopes: [one, two] }));
    const back = parseObjectId(partsWith({ scopes: [two, one] }));
    assert.notEqual(forth.path, back.path);
  });
});

describe('the storage path of an object', () => {
  const bytesByCharacter = { a: 1, é: 2, '€': 3, '😀': 4 };
  const prefixBytes = 'u/objects/'.length;

  for (const [character, bytes] of Object.entries(bytesByCharacter)) {
    it(`is at most 900 bytes when its characters have ${bytes}`, () => {
      for (const total of [899, 900, 901]) {
        const room = total - prefixBytes;
        const key = character.repeat(Math.floor(room / bytes)) + 'a'.repeat(room % bytes);
        assert.equal(Buffer.byteLength(`u/objects/${key}`), total);
        if (total > limits.storagePathBytesMax) {
          assertRefused(() => idWithKey(key), 'INVALID_OBJECT_ID', 'object_id');
        } else {
          assert.equal(Buffer.byteLength(idWithKey(key).path), total);
        }
      }
    });
  }

  it('counts the scopes too', () => {
    const scopes = [{ name: 'a', value: 'b'.repeat(400) }];
    const room = 900 - `u/a.${'b'.repeat(400)}/objects/`.length;
    parseObjectId({ usecase: 'u', scopes, key: 'k'.repeat(room) });
    const tooLong = { usecase: 'u', scopes, key: 'k'.repeat(room + 1) };
    assertRefused(() => parseObjectId(tooLong), 'INVALID_OBJECT_ID', 'object_id');
  });
});

function partsWith(some: { readonly usecase?: string; readonly scopes?: readonly Scope[] }): {
  readonly usecase: string;
  readonly scopes: readonly Scope[];
  readonly key: string;
} {
  return { usecase: 'u', scopes: [], key: 'k', ...some };
}

function idWithKey(key: string): ReturnType<typeof parseObjectId> {
  return parseObjectId({ usecase: 'u', scopes: [], key });
}

function scopesOf(count: number): Scope[] {
  return Array.from({ length: count }, (_, index) => ({ name: 's', value: String(index) }));
}

function assertUsecaseRefused(usecase: string): void {
  const given = partsWith({ usecase });
  assertRefused(() => parseObjectId(given), 'INVALID_OBJECT_ID', 'object_id.usecase');
}

function idOrRefusal<Value>(parse: () => Value): Value | undefined {
  try {
    return parse();
  } catch (error) {
    assert.ok(error instanceof DomainError && error.code === 'INVALID_OBJECT_ID', String(error));
    return undefined;
  }
}
