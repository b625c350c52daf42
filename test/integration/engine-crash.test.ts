import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useCloud } from '../support/cloud-store.js';
import { crashAgainAndAgain } from '../support/crash-rounds.js';
import { embeddedStorage } from '../support/embedded-store.js';

/** HOLDFAST_CRASHES=2000 runs as many; each takes about a second. */
const given = process.env['HOLDFAST_CRASHES'];
const embeddedCrashes = Number(given ?? 30);
const cloudCrashes = Number(given ?? 6);
const secondsPerCrashMax = 20;

describe('the engine on LMDB and the file system', function () {
  this.timeout(embeddedCrashes * secondsPerCrashMax * 1000);

  it(`loses nothing and leaves nothing in ${embeddedCrashes} crashes at random points`, async () => {
    const directory = await mkdtemp(join(tmpdir(), 'holdfast-crash-'));
    const leftovers = (): Promise<string[]> => readdir(join(directory, 'blobs', 'tmp'));
    const settings = embeddedStorage(directory);
    await crashAgainAndAgain({ settings, where: directory, leftovers }, embeddedCrashes);
    await rm(directory, { recursive: true });
  });
});

describe('the engine on Bigtable and Cloud Storage', function () {
  this.timeout(cloudCrashes * secondsPerCrashMax * 1000);
  const cloud = useCloud();

  it(`loses nothing and leaves nothing in ${cloudCrashes} crashes at random points`, async () => {
    const { settings, bucket } = await cloud.makeStorage({ chunkSize: '1 MiB' });
    // An upload that was broken off is no object: it holds nothing that anybody could see.
    const leftovers = async (): Promise<string[]> => [];
    await crashAgainAndAgain({ settings, where: `bucket ${bucket}`, leftovers }, cloudCrashes);
  });
});
