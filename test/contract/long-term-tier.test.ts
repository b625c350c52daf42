import { nativeChecksum as checksum } from '@holdfast/service-kit';
import {
  createManualClock,
  createMemoryLongTermTier,
  describeLongTermTier,
} from '@holdfast/testkit';
import { openFilesystemFixture } from '../support/filesystem-fixture.js';
import { openGcsTierFixture } from '../support/gcs-tier-fixture.js';

describeLongTermTier('in memory', async () => {
  const tier = createMemoryLongTermTier({ clock: createManualClock(), checksum });
  return {
    tier,
    checksum,
    leftovers: async () => [],
    openReaders: async () => tier.openReaders(),
    addForeign: async () => tier.addForeign('somewhere', 'it is no blob'),
    close: async () => undefined,
  };
});

describeLongTermTier('on a file system', openFilesystemFixture);

describeLongTermTier('on Cloud Storage', () => openGcsTierFixture());
