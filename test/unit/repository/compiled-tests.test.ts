import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const tests = fileURLToPath(new URL('../../', import.meta.url));
/** What runs compiled, from a directory in which the sources of a package are not where they were. */
const folders = ['bench', 'simulation'];
const imports = /^(?:import|export) (?!type )[^;]*?from '(\.[^']+)';/gm;

describe('What the benches and the long simulation consist of', () => {
  const reached = new Set<string>();

  before(() => {
    for (const folder of folders) {
      for (const file of readdirSync(join(tests, folder))) {
        if (file.endsWith('.ts') && !file.endsWith('.test.ts')) reach(join(tests, folder, file));
      }
    }
  });

  function reach(file: string): void {
    if (reached.has(file)) return;
    reached.add(file);
    if (!file.startsWith(tests)) return;
    for (const [, path = ''] of readFileSync(file, 'utf8').matchAll(imports)) {
      reach(resolve(dirname(file), path.replace(/\.js$/, '.ts')));
    }
  }

  it('lies with the tests, or is a package called by its name', () => {
    assert.ok(reached.size > 50, 'it was looked for');
    const elsewhere = [...reached].filter((file) => !file.startsWith(tests));
    assert.deepEqual(
      elsewhere.map((file) => relative(tests, file).split(sep).join('/')),
      [],
    );
  });
});
