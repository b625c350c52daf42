import type { Operation } from '@holdfast/client';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { openApiBed, type ApiBed } from './api-bed.js';
import { recordLatencies } from './latencies.js';
import { compare, inLanes } from './measure.js';
import { plainGet, plainPut } from './plain-calls.js';
import { cpuSecondsOf } from './process-usage.js';
import type { BenchResult } from './report.js';

const rounds = 7;
const singles = 2_000;
const bulk = 20_000;
const lanes = 512;
const keys = 1_000;
const smallBytes = 4_096;
const chunkBytes = 256 * 1_024;
const largeBytes = 64 * 1_024 * 1_024;
const MiB = 1_024 * 1_024;
const warmUpCalls = 10_000;

/**
 * The way through client, gateway and tiered store, compiled, each a process of its own, against a
 * raw grpc-js echo in one hop, and against raw streams copied over two hops.
 */
export async function benchApi(): Promise<readonly BenchResult[]> {
  const bed = await openApiBed();
  try {
    await warmUp(bed);
    return [...(await benchSingles(bed)), ...(await benchMany(bed)), ...(await benchLarge(bed))];
  } finally {
    await bed.close();
  }
}

async function warmUp({ raw, client }: ApiBed): Promise<void> {
  await runMany(client, putOperations());
  await inLanes(lanes, warmUpCalls, () => raw.echo(small));
  await inLanes(lanes, warmUpCalls, async (index) => (await client.get(idOf(index))).bytes());
}

const small = randomBytes(smallBytes);

async function benchSingles(bed: ApiBed): Promise<BenchResult[]> {
  const { client, plain } = bed;
  return [
    ...(await single(bed, '4 KiB get one by one, client library', async (index) => {
      const got = await client.get(idOf(index));
      assert.equal((await got.bytes()).length, smallBytes);
    })),
    ...(await single(bed, '4 KiB get one by one, GetObject', async (index) => {
      assert.equal(await plainGet(plain, idOf(index)), smallBytes);
    })),
    ...(await single(bed, '4 KiB put one by one, client library', (index) =>
      client.put(idOf(index), small),
    )),
    ...(await single(bed, '4 KiB put one by one, PutObject', (index) =>
      plainPut(plain, idOf(index), small),
    )),
  ];
}

/** One call after the other, against echoes of 4 KiB one after the other. */
async function single(
  { raw }: ApiBed,
  name: string,
  call: (index: number) => Promise<unknown>,
): Promise<readonly BenchResult[]> {
  const latencies = recordLatencies();
  const rate = await compare({
    name,
    unit: 'calls/s',
    amount: singles,
    rounds,
    raw: () => inLanes(1, singles, () => latencies.raw(() => raw.echo(small))),
    ours: () => inLanes(1, singles, (index) => latencies.ours(() => call(index))),
  });
  return [rate, ...latencies.results(name)];
}

async function benchMany(bed: ApiBed): Promise<BenchResult[]> {
  return [
    ...(await many(bed, `4 KiB get through many, ${lanes} at once`, getOperations)),
    ...(await many(bed, `4 KiB put through many, ${lanes} at once`, putOperations)),
  ];
}

/** As many calls under way as the baseline has echoes. Then what each process spent on one. */
async function many(
  bed: ApiBed,
  name: string,
  operations: () => Iterable<Operation>,
): Promise<readonly BenchResult[]> {
  const { raw, client, gateway, store, origin } = bed;
  const spent = { gateway: 0, store: 0, client: 0, origin: 0 };
  const rate = await compare({
    name,
    unit: 'operations/s',
    amount: bulk,
    rounds,
    raw: async () => {
      const before = cpuSecondsOf(origin.pid);
      await inLanes(lanes, bulk, () => raw.echo(small));
      spent.origin += cpuSecondsOf(origin.pid) - before;
    },
    ours: async () => {
      const pids = [gateway.pid, store.pid, process.pid];
      const before = pids.map(cpuSecondsOf);
      await runMany(client, operations());
      const [ofGateway = 0, ofStore = 0, ofClient = 0] = pids.map(
        (pid, index) => cpuSecondsOf(pid) - (before[index] ?? 0),
      );
      spent.gateway += ofGateway;
      spent.store += ofStore;
      spent.client += ofClient;
    },
  });
  const perCall = 1e6 / (bulk * (rounds + 1));
  const baseline = spent.origin * perCall;
  const costs = (['client', 'gateway', 'store'] as const).map((who) => {
    const value = spent[who] * perCall;
    return { name: `${name}: ${who}`, value, baseline, ratio: value / baseline, unit: 'CPU µs' };
  });
  return [rate, ...costs];
}

async function runMany(client: ApiBed['client'], operations: Iterable<Operation>): Promise<void> {
  for await (const result of client.many(operations, { concurrency: lanes })) {
    if (!result.ok) throw result.error;
    if (result.kind === 'get') assert.equal((await result.value.bytes()).length, smallBytes);
  }
}

function* getOperations(): Generator<Operation> {
  for (let index = 0; index < bulk; index += 1) yield { kind: 'get', id: idOf(index) };
}

function* putOperations(): Generator<Operation> {
  for (let index = 0; index < bulk; index += 1) {
    yield { kind: 'put', id: idOf(index), body: small };
  }
}

async function benchLarge({ client, rawByProxy }: ApiBed): Promise<BenchResult[]> {
  const chunk = randomBytes(chunkBytes);
  const payload = randomBytes(largeBytes);
  const id = (round: number): Id => ({ ...idOf(0), key: `large-${round}` });
  let puts = 0;
  const put = (against: string, how: 'copyIn' | 'copyToFile'): Promise<BenchResult> =>
    compare({
      name: `64 MiB put, against a copy ${against}`,
      unit: 'MiB/s',
      amount: largeBytes / MiB,
      rounds,
      raw: () => rawByProxy.copyIn(how, chunk, largeBytes / chunkBytes),
      ours: async () => {
        await client.put(id(puts++ % rounds), payload);
      },
    });
  const results = [
    await put('that is dropped', 'copyIn'),
    await put('that is flushed to a file', 'copyToFile'),
  ];
  const get = await compare({
    name: '64 MiB get',
    unit: 'MiB/s',
    amount: largeBytes / MiB,
    rounds,
    raw: () => rawByProxy.copyOut(largeBytes),
    ours: async (round) => {
      const { body } = await client.get(id(round % rounds));
      let size = 0;
      for await (const bytes of body) size += bytes.length;
      assert.equal(size, largeBytes);
    },
  });
  return [...results, get];
}

interface Id {
  readonly usecase: string;
  readonly scopes: { readonly name: string; readonly value: string }[];
  readonly key: string;
}

function idOf(index: number): Id {
  return { usecase: 'bench', scopes: [{ name: 'run', value: '1' }], key: `object-${index % keys}` };
}
