import { describeEngineBehaviours } from '../../support/engine-behaviours.js';
import { openMemoryTiers } from '../../support/memory-tiers.js';

describeEngineBehaviours('in memory', openMemoryTiers);
