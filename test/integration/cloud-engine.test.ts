import { useCloud } from '../support/cloud-store.js';
import { describeEngineBehaviours } from '../support/engine-behaviours.js';

describe('With the emulator', () => {
  const cloud = useCloud();

  describeEngineBehaviours('on Bigtable and Cloud Storage', cloud.openTiers);
});
