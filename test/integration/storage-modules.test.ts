import type { StorageSettings } from '@holdfast/storage';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { compiled } from '../support/compiled.js';
import { storageSettingsOf } from '../support/storage-settings.js';

const run = promisify(execFile);

/** Opens a storage, uses it and prints which files of Google's libraries have been loaded by then. */
const script = `
  import { createRequire } from 'node:module';
  const [storageModule, kitModule, settings] = process.argv.slice(1);
  const { bootstrapStorage, openStorage } = await import(storageModule);
  const { nativeChecksum, systemClock } = await import(kitModule);
  const parsed = JSON.parse(settings);
  if (parsed.highVolume.kind === 'lmdb') await bootstrapStorage(parsed);
  const options = { inlineThresholdBytes: 1 };
  const storage = await openStorage(parsed, options, { clock: systemClock, checksum: nativeChecksum });
  if (parsed.highVolume.kind === 'lmdb') await storage.changeLog.list({ examinedMax: 1 });
  await storage.close();
  const files = Object.keys(createRequire(import.meta.url).cache);
  const ofGoogle = files.filter((file) => /node_modules\\/(@google-cloud|google-)/.test(file));
  process.stdout.write(JSON.stringify(ofGoogle));
`;

async function googleFilesOf(settings: StorageSettings): Promise<readonly string[]> {
  const modules = ['storage', 'service-kit'].map((name) => {
    const source = new URL(`../../packages/${name}/src/index.ts`, import.meta.url);
    return pathToFileURL(compiled(source)).href;
  });
  const args = ['--input-type=module', '-e', script, ...modules, JSON.stringify(settings)];
  const { stdout } = await run(process.execPath, args, { maxBuffer: 16 * 1024 * 1024 });
  return JSON.parse(stdout) as string[];
}

describe('The modules that a storage loads', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-modules-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("are none of Google's where it is embedded", async () => {
    const settings = storageSettingsOf({
      highVolume: { kind: 'lmdb', directory: join(folder, 'rows') },
      longTerm: { kind: 'filesystem', directory: join(folder, 'blobs') },
    });
    assert.deepEqual(await googleFilesOf(settings), []);
  });

  it("are Google's where it is on Bigtable, so that they would be seen above", async () => {
    const settings = storageSettingsOf({
      highVolume: {
        kind: 'bigtable',
        project: 'my-project',
        instance: 'my-instance',
        emulatorHost: '127.0.0.1:1',
      },
      longTerm: { kind: 'none' },
    });
    const files = await googleFilesOf(settings);
    assert(files.some((file) => file.includes('@google-cloud/bigtable')));
  });
});
