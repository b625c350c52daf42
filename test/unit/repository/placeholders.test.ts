import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

const repository = resolve(import.meta.dirname, '../../..');
/** What is installed, built or kept there, not written. */
const foreignFolders: ReadonlySet<string> = new Set(['node_modules', 'dist', 'coverage', 'data']);
const placeholder = /@@[A-Z][A-Z0-9_]*@@/;

describe('the documents of the repository', () => {
  it('have no placeholder left to fill in', () => {
    const documents = documentsBelow(repository).map((file) => relative(repository, file));
    assert.ok(documents.includes('README.md'));
    const unfinished = documents.filter((file) =>
      placeholder.test(readFileSync(join(repository, file), 'utf8')),
    );
    assert.deepEqual(unfinished, []);
  });
});

function documentsBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    const isOwn = !foreignFolders.has(entry.name) && !entry.name.startsWith('.');
    if (entry.isDirectory()) return isOwn ? documentsBelow(path) : [];
    return entry.isFile() && entry.name.endsWith('.md') ? [path] : [];
  });
}
