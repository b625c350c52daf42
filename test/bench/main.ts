import { parseArgs } from 'node:util';
import { benchApiMemory } from './api-memory.js';
import { benchApi } from './api.js';
import { benchCleanup } from './cleanup.js';
import { benchCloud } from './cloud.js';
import { benchEngine } from './engine.js';
import { reportOf, tableOf, type BenchResult } from './report.js';
import { benchSweep, type SweepBenchOptions } from './sweep.js';

/*
 * npm run bench -- engine            a table
 * npm run bench -- api               the way through client, gateway and tiered store
 * npm run bench -- api-memory        what the services hold under 32 streams of 1 GiB
 * npm run bench -- cleanup           changes that are settled through the queue
 * npm run bench -- cloud             Bigtable's emulator and a server of Cloud Storage, against the client libraries
 * npm run bench -- sweep             what a sweep examines, what it holds, what readers feel of it
 * npm run bench -- sweep --entries 1000000   the same, and with so many entries
 * npm run -s bench -- engine --json  one document on standard output
 */
type Bench = (options: SweepBenchOptions) => Promise<readonly BenchResult[]>;

const benches: Readonly<Record<string, Bench>> = {
  engine: benchEngine,
  api: benchApi,
  'api-memory': benchApiMemory,
  cleanup: benchCleanup,
  cloud: benchCloud,
  sweep: benchSweep,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false }, entries: { type: 'string' } },
});
const [name = ''] = positionals;
const bench = benches[name];
if (bench === undefined) {
  process.stderr.write(`which bench? one of: ${Object.keys(benches).join(', ')}\n`);
  process.exit(2);
}
const entries = values.entries === undefined ? undefined : Number(values.entries);
if (entries !== undefined && !(Number.isSafeInteger(entries) && entries > 0)) {
  process.stderr.write('--entries must be a whole number above 0\n');
  process.exit(2);
}
const report = reportOf(name, await bench({ entries }));
process.stdout.write(`${values.json ? JSON.stringify(report) : tableOf(report)}\n`);
