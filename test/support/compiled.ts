import { spawnSync } from 'node:child_process';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const compiler = join(root, 'node_modules/.bin/tsc');
/** With all that they are built on. */
const programs = [
  'deploy',
  'packages/client',
  'services/tiered-store',
  'services/gateway',
  'services/cleanup-worker',
  'services/sweeper',
];
let isCompiled = false;

/**
 * What a source of a package, of a service or of `deploy` is compiled to. Services that tests start run
 * that: to compile it while they start would take longer than most of them live. Whatever has changed is
 * compiled first.
 */
export function compiled(source: URL): string {
  if (!isCompiled) compileAll();
  isCompiled = true;
  const path = relative(root, fileURLToPath(source));
  const file = path
    .replace(/^((?:packages|services)\/[^/]+)\/src\//, '$1/dist/')
    .replace(/^deploy\//, 'deploy/dist/')
    .replace(/\.ts$/, '.js');
  return join(root, file);
}

function compileAll(): void {
  const { status, stdout, error } = spawnSync(compiler, ['-b', ...programs], {
    cwd: root,
    encoding: 'utf8',
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`the sources cannot be compiled:\n${stdout}`);
}
