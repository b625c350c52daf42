import assert from 'node:assert/strict';
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { saveFile } from '../../packages/client/src/cli/save-file.js';

async function* bodyOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

describe('a file that holdfast get writes', () => {
  let directory = '';
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'holdfast-'));
  });
  afterEach(async () => {
    await rm(directory, { recursive: true });
  });
  const inside = (name: string): string => join(directory, name);

  it('keeps the permissions of the one that was there', async () => {
    for (const mode of [0o600, 0o666, 0o750]) {
      await writeFile(inside('secret'), 'old');
      await chmod(inside('secret'), mode);
      await saveFile(inside('secret'), bodyOf('new'));
      assert.equal((await stat(inside('secret'))).mode & 0o777, mode);
      assert.equal(await readFile(inside('secret'), 'utf8'), 'new');
    }
  });

  it('is the one that a symbolic link leads to', async () => {
    await mkdir(inside('far'));
    await writeFile(inside('far/target'), 'old');
    await symlink('far/target', inside('link'));
    await saveFile(inside('link'), bodyOf('new'));
    assert.ok((await lstat(inside('link'))).isSymbolicLink());
    assert.equal(await readFile(inside('far/target'), 'utf8'), 'new');
    assert.deepEqual((await readdir(directory)).toSorted(), ['far', 'link']);
    assert.deepEqual(await readdir(inside('far')), ['target']);
  });

  it('may have the longest name there is', async () => {
    for (const name of ['x'.repeat(255), `x${'ü'.repeat(127)}`]) {
      await saveFile(inside(name), bodyOf(name));
      assert.equal(await readFile(inside(name), 'utf8'), name);
    }
    assert.equal((await readdir(directory)).length, 2);
  });
});
