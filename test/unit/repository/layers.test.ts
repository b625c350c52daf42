import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const repository = resolve(import.meta.dirname, '../../..');
const linter = join(repository, 'node_modules/.bin/oxlint');

interface Stub {
  readonly from: string;
  readonly imports: string;
}

const forbidden: readonly Stub[] = [
  { from: 'packages/domain/src/text', imports: 'node:fs' },
  { from: 'packages/domain/src/text', imports: 'fs' },
  { from: 'packages/domain/src/text', imports: 'lmdb' },
  { from: 'packages/domain/src/index', imports: '@holdfast/contracts' },
  { from: 'packages/domain/src/text', imports: './engine/put-object.js' },
  { from: 'packages/domain/src/text', imports: './reclaim/settle-change.js' },
  { from: 'packages/domain/src/text', imports: './index.js' },
  { from: 'packages/domain/src/ports/clock', imports: '../engine/put-object.js' },
  { from: 'packages/domain/src/ports/clock', imports: '../reclaim/settle-change.js' },
  { from: 'packages/domain/src/ports/clock', imports: 'node:timers' },
  { from: 'packages/domain/src/engine/put-object', imports: 'node:crypto' },
  { from: 'packages/domain/src/engine/put-object', imports: 'zod' },
  { from: 'packages/domain/src/engine/put-object', imports: '@holdfast/service-kit' },
  { from: 'packages/domain/src/reclaim/settle-change', imports: '@holdfast/testkit' },
  { from: 'packages/domain/src/engine/put-object', imports: '../../../testkit/src/index.js' },
  { from: 'packages/contracts/src/index', imports: '@holdfast/domain' },
  { from: 'packages/contracts/src/index', imports: '@holdfast/rpc' },
  { from: 'packages/tier-lmdb/src/row/codec', imports: '@holdfast/service-kit' },
  { from: 'packages/tier-lmdb/src/row/codec', imports: '@holdfast/tier-filesystem' },
  { from: 'packages/tier-lmdb/src/row/codec', imports: '@holdfast/domain/src/row.js' },
  { from: 'packages/tier-lmdb/src/row/codec', imports: '../../../domain/src/row.js' },
  { from: 'packages/tier-lmdb/src/row/codec', imports: '@google-cloud/bigtable' },
  { from: 'packages/tier-lmdb/src/row/codec', imports: 'lmdb-other' },
  { from: 'packages/tier-filesystem/src/tier', imports: 'lmdb' },
  { from: 'packages/tier-filesystem/src/tier', imports: '@holdfast/contracts' },
  { from: 'packages/tier-bigtable/src/tier', imports: 'lmdb' },
  { from: 'packages/tier-bigtable/src/tier', imports: '@google-cloud/storage' },
  { from: 'packages/tier-gcs/src/tier', imports: '@google-cloud/bigtable' },
  { from: 'packages/tier-gcs/src/tier', imports: '@holdfast/rpc' },
  { from: 'packages/tier-of-tomorrow/src/tier', imports: 'some-vendor' },
  { from: 'packages/queue-bullmq/src/queues', imports: '@holdfast/service-kit' },
  { from: 'packages/queue-bullmq/src/queues', imports: 'lmdb' },
  { from: 'packages/service-kit/src/logger', imports: '@holdfast/contracts' },
  { from: 'packages/service-kit/src/logger', imports: '@holdfast/rpc' },
  { from: 'packages/testkit/src/memory-tier', imports: '@holdfast/service-kit' },
  { from: 'packages/testkit/src/memory-tier', imports: '@holdfast/tier-lmdb' },
  { from: 'packages/rpc/src/server', imports: '@holdfast/tier-lmdb' },
  { from: 'packages/rpc/src/server', imports: '@holdfast/queue-bullmq' },
  { from: 'packages/client/src/client', imports: '@holdfast/tier-gcs' },
  { from: 'packages/client/src/client', imports: '@holdfast/testkit' },
  { from: 'packages/client/src/client', imports: '@holdfast/storage' },
  { from: 'packages/client/src/cli/put-command', imports: '@holdfast/storage' },
  { from: 'packages/client/src/cli/bootstrap/load-storage', imports: '@holdfast/tier-gcs' },
  { from: 'packages/storage/src/index', imports: '@holdfast/client' },
  { from: 'packages/storage/src/index', imports: '@holdfast/rpc' },
  { from: 'packages/tier-gcs/src/tier', imports: '@holdfast/storage' },
  { from: 'packages/of-tomorrow/src/index', imports: '@holdfast/testkit' },
  { from: 'packages/rpc/src/server', imports: '@holdfast/gateway' },
  { from: 'packages/rpc/src/server', imports: '../../../services/gateway/src/compose.js' },
  { from: 'services/gateway/src/compose', imports: '@holdfast/tiered-store' },
  { from: 'services/gateway/src/compose', imports: '../../tiered-store/src/compose.js' },
  { from: 'services/gateway/src/compose', imports: '@holdfast/tier-lmdb' },
  { from: 'services/gateway/src/compose', imports: '@holdfast/testkit' },
  { from: 'services/tiered-store/src/compose', imports: '@holdfast/sweeper' },
  { from: 'services/tiered-store/src/compose', imports: '@holdfast/tier-bigtable' },
  { from: 'services/tiered-store/src/compose', imports: '@holdfast/testkit' },
  { from: 'services/gateway/src/compose', imports: '@holdfast/storage' },
  { from: 'services/cleanup-worker/src/compose', imports: '@holdfast/tier-filesystem' },
  { from: 'services/sweeper/src/compose', imports: '@holdfast/tier-gcs' },
  { from: 'deploy/local/start', imports: '../../services/gateway/src/main.js' },
  { from: 'deploy/local/start', imports: '@holdfast/gateway' },
];

const allowed: readonly Stub[] = [
  { from: 'packages/domain/src/text', imports: './limits.js' },
  { from: 'packages/domain/src/index', imports: './engine/put-object.js' },
  { from: 'packages/domain/src/ports/clock', imports: '../timestamp.js' },
  { from: 'packages/domain/src/engine/put-object', imports: '../ports/ids.js' },
  { from: 'packages/domain/src/engine/put-object', imports: './begin-change.js' },
  { from: 'packages/domain/src/reclaim/settle-change', imports: '../row.js' },
  { from: 'packages/contracts/src/index', imports: './gen/object.js' },
  { from: 'packages/contracts/src/index', imports: '@grpc/grpc-js' },
  { from: 'packages/tier-lmdb/src/row/codec', imports: '@holdfast/domain' },
  { from: 'packages/tier-lmdb/src/row/codec', imports: 'lmdb' },
  { from: 'packages/tier-lmdb/src/row/codec', imports: 'node:fs/promises' },
  { from: 'packages/tier-lmdb/src/row/codec', imports: '../keys.js' },
  { from: 'packages/tier-filesystem/src/tier', imports: 'node:fs' },
  { from: 'packages/tier-bigtable/src/tier', imports: '@google-cloud/bigtable' },
  { from: 'packages/tier-bigtable/src/tier', imports: '@google-cloud/bigtable/build/src/v2.js' },
  { from: 'packages/tier-gcs/src/tier', imports: '@google-cloud/storage' },
  { from: 'packages/tier-of-tomorrow/src/tier', imports: '@holdfast/domain' },
  { from: 'packages/queue-bullmq/src/queues', imports: '@holdfast/domain' },
  { from: 'packages/queue-bullmq/src/queues', imports: 'bullmq' },
  { from: 'packages/queue-bullmq/src/queues', imports: 'ioredis' },
  { from: 'packages/service-kit/src/logger', imports: '@holdfast/domain' },
  { from: 'packages/service-kit/src/logger', imports: 'pino' },
  { from: 'packages/testkit/src/memory-tier', imports: '@holdfast/domain' },
  { from: 'packages/testkit/src/memory-tier', imports: 'fast-check' },
  { from: 'packages/rpc/src/server', imports: '@holdfast/contracts' },
  { from: 'packages/rpc/src/server', imports: '@holdfast/service-kit' },
  { from: 'packages/client/src/client', imports: '@holdfast/contracts' },
  { from: 'packages/client/src/client', imports: '@holdfast/rpc' },
  { from: 'packages/client/src/cli/bootstrap/load-storage', imports: '@holdfast/storage' },
  { from: 'packages/storage/src/open', imports: '@holdfast/tier-bigtable' },
  { from: 'packages/storage/src/open', imports: '@holdfast/queue-bullmq' },
  { from: 'services/gateway/src/compose', imports: '@holdfast/rpc' },
  { from: 'services/gateway/src/compose', imports: './handlers/put-object.js' },
  { from: 'services/tiered-store/src/compose', imports: '@holdfast/storage' },
  { from: 'services/tiered-store/src/compose', imports: '@holdfast/queue-bullmq' },
  { from: 'services/cleanup-worker/src/compose', imports: '@holdfast/queue-bullmq' },
  { from: 'test/e2e/put', imports: '../../services/gateway/src/compose.js' },
  { from: 'test/e2e/put', imports: '@holdfast/testkit' },
  { from: 'test/unit/domain/text', imports: '@holdfast/domain' },
];

const stubs = [...forbidden, ...allowed];

/** Statements that all import: a layer must not leak through a rarer one. */
const spellings: Readonly<Record<string, string>> = {
  'an import': "import { x } from 'node:fs'; export const y = x();",
  'a type import': "import type { X } from 'node:fs'; export type Y = X;",
  'a side effect': "import 'node:fs';",
  'a named re-export': "export { x } from 'node:fs';",
  'a whole re-export': "export * from 'node:fs';",
  'a dynamic import': "export const x = await import('node:fs');",
  'a computed import': 'export const load = (name: string) => import(name);',
  'a type query': "export type X = import('node:fs').Stats;",
  require: "export const x = require('node:fs');",
};

const globals = ['Buffer', 'process', 'globalThis', 'setTimeout', 'Date', 'performance', 'crypto'];

describe('the layers of the repository', () => {
  let complaints: ReadonlyMap<string, readonly string[]>;

  before(() => {
    complaints = lint(layout());
  });

  for (const stub of forbidden) {
    it(`${stub.from} may not import ${stub.imports}`, () => {
      const found = complaints.get(placeOf(stub)) ?? [];
      assert.ok(found.includes('eslint(no-restricted-imports)'), `found only: ${found.join()}`);
    });
  }

  for (const stub of allowed) {
    it(`${stub.from} may import ${stub.imports}`, () => {
      assert.deepEqual(complaints.get(placeOf(stub)) ?? [], []);
    });
  }

  for (const name of Object.keys(spellings)) {
    it(`the domain cannot reach the platform by ${name}`, () => {
      assert.notDeepEqual(complaints.get(`${spellingFile(name)}:1`) ?? [], []);
    });
  }

  for (const name of globals) {
    it(`the domain cannot use the global ${name}`, () => {
      const found = complaints.get(`${globalFile(name)}:1`);
      assert.deepEqual(found, ['eslint(no-restricted-globals)']);
    });
  }

  it('the domain cannot draw random numbers', () => {
    const found = complaints.get('packages/domain/src/engine/chance.ts:1');
    assert.deepEqual(found, ['eslint(no-restricted-properties)']);
  });

  it('modules that import each other are refused', () => {
    assert.deepEqual(complaints.get('packages/domain/src/cycle-a.ts:1'), ['import(no-cycle)']);
    assert.deepEqual(complaints.get('packages/domain/src/cycle-b.ts:1'), ['import(no-cycle)']);
  });
});

/** Every stub is a line of its file. */
function layout(): Map<string, string> {
  const files = new Map([
    ...Object.entries(spellings).map(([name, code]) => [spellingFile(name), code] as const),
    ...globals.map((name) => [globalFile(name), `export const x = ${name};\n`] as const),
    ['packages/domain/src/engine/chance.ts', 'export const x = Math.random();\n'],
    ['packages/domain/src/cycle-a.ts', "import { b } from './cycle-b.js';\nexport const a = b;\n"],
    ['packages/domain/src/cycle-b.ts', "import { a } from './cycle-a.js';\nexport const b = a;\n"],
  ]);
  for (const { from, imports } of stubs) {
    const before = files.get(`${from}.ts`) ?? '';
    files.set(`${from}.ts`, `${before}export { x as x${before.length} } from '${imports}';\n`);
  }
  return files;
}

function placeOf(stub: Stub): string {
  const line = stubs.filter(({ from }) => from === stub.from).indexOf(stub) + 1;
  return `${stub.from}.ts:${line}`;
}

function spellingFile(name: string): string {
  return `packages/domain/src/engine/by-${name.replaceAll(' ', '-')}.ts`;
}

function globalFile(name: string): string {
  return `packages/domain/src/engine/global-${name}.ts`;
}

/** Lints `files` under the repository's rules, in a place of their own. Answers rules by line. */
function lint(files: ReadonlyMap<string, string>): Map<string, string[]> {
  const root = mkdtempSync(join(tmpdir(), 'holdfast-layers-'));
  try {
    cpSync(join(repository, '.oxlintrc.json'), join(root, '.oxlintrc.json'));
    for (const [file, source] of files) {
      mkdirSync(dirname(join(root, file)), { recursive: true });
      writeFileSync(join(root, file), source);
    }
    const { stdout } = spawnSync(linter, ['--format=json'], { cwd: root, encoding: 'utf8' });
    return parseReport(stdout, files.size);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

interface Report {
  readonly number_of_files: number;
  readonly diagnostics: readonly {
    readonly code: string;
    readonly filename: string;
    readonly labels: readonly { readonly span: { readonly line: number } }[];
  }[];
}

function parseReport(text: string, files: number): Map<string, string[]> {
  const report = JSON.parse(text) as Report;
  assert.equal(report.number_of_files, files, 'every stub was linted');
  const rules = new Map<string, string[]>();
  for (const { filename, code, labels } of report.diagnostics) {
    const place = `${filename}:${labels[0]?.span.line}`;
    rules.set(place, [...(rules.get(place) ?? []), code]);
  }
  return rules;
}
