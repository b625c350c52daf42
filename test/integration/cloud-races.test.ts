import { useCloud } from '../support/cloud-store.js';
import { raceWithCleanup } from '../support/crash-races.js';

describe('two processes on one table and one bucket', function () {
  this.timeout(120_000);
  const cloud = useCloud();

  it('write the same keys in one order, while a third cleans up after them', async () => {
    const { settings, bucket } = await cloud.makeStorage({ chunkSize: '1 MiB' });
    const leftovers = async (): Promise<string[]> => [];
    await raceWithCleanup({ settings, where: `bucket ${bucket}`, leftovers });
  });
});
