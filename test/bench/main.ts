import { parseArgs } from 'node:util';
import { benchApiMemory } from './api-memory.js';
import { benchApi } from './api.js';
import { benchCleanup } from './cleanup.js';
import { benchEngine } from './engine.js';
import { reportOf, tableOf, type BenchResult } from './report.js';

/*
 * npm run bench -- engine            a table
 * npm run bench -- api               the way through client, gateway and tiered store
 * npm run bench -- api-memory        what the services hold under 32 streams of 1 GiB
 * npm run bench -- cleanup           changes that are settled through the queue
 * npm run -s bench -- engine --json  one document on standard output
 */
const benches: Readonly<Record<string, () => Promise<readonly BenchResult[]>>> = {
  engine: benchEngine,
  api: benchApi,
  'api-memory': benchApiMemory,
  cleanup: benchCleanup,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false } },
});
const [name = ''] = positionals;
const bench = benches[name];
if (bench === undefined) {
  process.stderr.write(`which bench? one of: ${Object.keys(benches).join(', ')}\n`);
  process.exit(2);
}
const report = reportOf(name, await bench());
process.stdout.write(`${values.json ? JSON.stringify(report) : tableOf(report)}\n`);
