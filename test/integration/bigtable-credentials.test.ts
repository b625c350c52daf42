import { hasCode } from '@holdfast/domain';
import { systemClock } from '@holdfast/service-kit';
import { createBigtableAdmin, openBigtableStore } from '@holdfast/tier-bigtable';
import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const variable = 'GOOGLE_APPLICATION_CREDENTIALS';
const place = { projectId: 'p', instanceId: 'i', tableId: 't', connections: 1 } as const;
const isUnavailable = (error: unknown): boolean => hasCode(error, 'TIER_UNAVAILABLE');

describe('a Bigtable store without credentials', () => {
  const before = process.env[variable];

  beforeEach(() => {
    process.env[variable] = join(tmpdir(), 'holdfast-no-such-credentials.json');
  });
  afterEach(() => {
    if (before === undefined) delete process.env[variable];
    else process.env[variable] = before;
  });

  it('says so when it is opened', async () => {
    await assert.rejects(openBigtableStore(place, { clock: systemClock }), isUnavailable);
  });

  it('says so when it is administered', async () => {
    await assert.rejects(createBigtableAdmin(place), isUnavailable);
  });
});
