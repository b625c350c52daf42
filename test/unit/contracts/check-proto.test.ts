import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { appendFile, cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const repository = fileURLToPath(new URL('../../../', import.meta.url));
const generatedFolder = 'packages/contracts/src/gen';
const objectProto = 'proto/holdfast/object/v1/object.proto';

// A hook of git runs the tests with variables that point every git at this repository.
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_')),
);

/** A copy of what the check reads, outside of any repository. */
async function copyOfContracts(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-contracts-'));
  for (const part of ['.ci/check-proto.sh', '.ci/generate.sh', 'proto', generatedFolder]) {
    await mkdir(join(folder, part, '..'), { recursive: true });
    await cp(join(repository, part), join(folder, part), { recursive: true });
  }
  await symlink(join(repository, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

function check(folder: string): { status: number | null; output: string } {
  const script = join(folder, '.ci/check-proto.sh');
  const { status, stdout, stderr } = spawnSync('bash', [script], {
    cwd: tmpdir(),
    env: environment,
    encoding: 'utf8',
  });
  return { status, output: stdout + stderr };
}

function git(folder: string, ...parameters: string[]): void {
  const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@example.com'];
  const options = { cwd: folder, env: environment, stdio: 'pipe' } as const;
  execFileSync('git', [...identity, '-c', 'commit.gpgSign=false', ...parameters], options);
}

async function replaceIn(folder: string, file: string, from: string, to: string): Promise<void> {
  const text = await readFile(join(folder, file), 'utf8');
  assert.ok(text.includes(from));
  await writeFile(join(folder, file), text.replace(from, to));
}

describe('the check of the contracts', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await copyOfContracts();
  });

  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it('finds the generated code of this repository current, from any folder', () => {
    const { status, output } = check(folder);
    assert.equal(status, 0, output);
    assert.match(output, /no main branch here, compatibility not checked/);
  });

  it('fails when the contracts were changed and the code was not generated again', async () => {
    await replaceIn(folder, objectProto, '// Bytes of payload.', '// Bytes of the payload.');
    const { status, output } = check(folder);
    assert.equal(status, 1);
    assert.match(output, /is not what proto\/ generates: run 'npm run generate'/);
  });

  it('fails when only the descriptors are old', async () => {
    await replaceIn(folder, `${generatedFolder}/descriptor-set.ts`, '"CvsB', '"CvsC');
    const { status, output } = check(folder);
    assert.equal(status, 1);
    assert.match(output, /descriptor-set\.ts/);
  });

  it('fails when generated code is left over from a file that is gone', async () => {
    await writeFile(join(folder, generatedFolder, 'left-over.ts'), 'export {};\n');
    const { status, output } = check(folder);
    assert.equal(status, 1);
    assert.match(output, /left-over\.ts/);
  });

  it('fails on a message without a comment', async () => {
    await appendFile(join(folder, objectProto), '\nmessage Silent {}\n');
    const { status, output } = check(folder);
    assert.equal(status, 1);
    assert.match(output, /Silent/);
    assert.match(output, /lint/);
  });

  it('fails on contracts that are not formatted', async () => {
    await appendFile(join(folder, objectProto), '\n// Says nothing.\nmessage  Spaced {}\n');
    const { status, output } = check(folder);
    assert.equal(status, 1);
    assert.match(output, /not formatted/);
  });

  it('goes on, and says so, while the main branch has no contracts', () => {
    git(folder, 'init', '--quiet', '--initial-branch=main');
    git(folder, 'commit', '--quiet', '--allow-empty', '--message=first');
    const { status, output } = check(folder);
    assert.equal(status, 0, output);
    assert.match(output, /main has no contracts yet/);
  });

  it('fails on a change that breaks clients of the main branch, generated or not', async () => {
    git(folder, 'init', '--quiet', '--initial-branch=main');
    git(folder, 'add', 'proto');
    git(folder, 'commit', '--quiet', '--message=contracts');
    assert.equal(check(folder).status, 0);
    await replaceIn(folder, objectProto, 'string revision = 3;', 'bytes revision = 3;');
    const { status, output } = check(folder);
    assert.equal(status, 1);
    assert.match(output, /breaks clients of the contracts on main/);
  });

  it('compares with the commit before on the main branch itself, and says so', async () => {
    git(folder, 'init', '--quiet', '--initial-branch=main');
    git(folder, 'add', 'proto');
    git(folder, 'commit', '--quiet', '--message=contracts');
    const compatible = check(folder);
    assert.equal(compatible.status, 0, compatible.output);
    assert.match(compatible.output, /comparing with the contracts on main \([0-9a-f]{7,}\)/);
    await replaceIn(folder, objectProto, 'string revision = 3;', 'bytes revision = 3;');
    git(folder, 'commit', '--quiet', '--all', '--message=break them');
    for (const ref of ['main', 'origin/main']) {
      if (ref === 'origin/main') git(folder, 'update-ref', 'refs/remotes/origin/main', 'HEAD');
      const { status, output } = check(folder);
      assert.equal(status, 1);
      assert.match(output, new RegExp(`breaks clients of the contracts on ${ref}~1$`, 'm'));
    }
  });

  it('compares with the main branch itself while the commit before has no contracts', async () => {
    git(folder, 'init', '--quiet', '--initial-branch=main');
    git(folder, 'commit', '--quiet', '--allow-empty', '--message=first');
    git(folder, 'add', 'proto');
    git(folder, 'commit', '--quiet', '--message=contracts');
    await replaceIn(folder, objectProto, 'string revision = 3;', 'bytes revision = 3;');
    const { status, output } = check(folder);
    assert.equal(status, 1);
    assert.match(output, /breaks clients of the contracts on main$/m);
  });

  it('compares with the main branch that others see rather than with the one here', async () => {
    git(folder, 'init', '--quiet', '--initial-branch=main');
    git(folder, 'add', 'proto');
    git(folder, 'commit', '--quiet', '--message=contracts');
    git(folder, 'update-ref', 'refs/remotes/origin/main', 'HEAD');
    await replaceIn(folder, objectProto, 'string revision = 3;', 'bytes revision = 3;');
    git(folder, 'commit', '--quiet', '--all', '--message=break them');
    const { status, output } = check(folder);
    assert.equal(status, 1);
    assert.match(output, /breaks clients of the contracts on origin\/main/);
  });
});
