import { describeChangeOrder } from './engine/change-order.js';
import { describeCleanupLists } from './engine/cleanup-lists.js';
import { describeConditions } from './engine/conditions.js';
import { describeCrashing } from './engine/crashing.js';
import { describeDeclaredContent } from './engine/declared-content.js';
import { describeDescribing } from './engine/describing.js';
import { describeDryRuns } from './engine/dry-runs.js';
import { describeEndingSources } from './engine/ending-sources.js';
import { describeExpiring } from './engine/expiring.js';
import { describeExpiringRows } from './engine/expiring-rows.js';
import { describeFailingSteps } from './engine/failing-steps.js';
import { describeListing } from './engine/listing.js';
import { describeLostReplies } from './engine/lost-replies.js';
import { describeRacing } from './engine/racing.js';
import { describeRanges } from './engine/ranges.js';
import { describeReading } from './engine/reading.js';
import { describeReclaiming } from './engine/reclaiming.js';
import { describeReplacing } from './engine/replacing.js';
import { describeSettling } from './engine/settling.js';
import { describeStoredContent } from './engine/stored-content.js';
import { describeSweptUploads } from './engine/swept-uploads.js';
import { describeSweepBounds } from './engine/sweep-bounds.js';
import { describeSweepingChanges } from './engine/sweeping-changes.js';
import { describeTimeToIdle } from './engine/time-to-idle.js';
import { describeUploading } from './engine/uploading.js';
import { describeVanishingCallers } from './engine/vanishing-callers.js';
import { describeVerifying } from './engine/verifying.js';
import type { OpenTiers } from './engine/store-under-test.js';

const parts: Readonly<Record<string, (openTiers: OpenTiers) => void>> = {
  'stored content': describeStoredContent,
  'declared content': describeDeclaredContent,
  replacing: describeReplacing,
  racing: describeRacing,
  conditions: describeConditions,
  'failing steps': describeFailingSteps,
  'lost replies': describeLostReplies,
  'vanishing callers': describeVanishingCallers,
  'ending sources': describeEndingSources,
  crashing: describeCrashing,
  reading: describeReading,
  ranges: describeRanges,
  expiring: describeExpiring,
  'time to idle': describeTimeToIdle,
  listing: describeListing,
  uploading: describeUploading,
  'change order': describeChangeOrder,
  settling: describeSettling,
  'sweeping changes': describeSweepingChanges,
  reclaiming: describeReclaiming,
  'swept uploads': describeSweptUploads,
  'expiring rows': describeExpiringRows,
  'sweep bounds': describeSweepBounds,
  'dry runs': describeDryRuns,
  'cleanup lists': describeCleanupLists,
  verifying: describeVerifying,
  describing: describeDescribing,
};

/** What the engine promises, over whatever tiers it runs on. */
export function describeEngineBehaviours(name: string, openTiers: OpenTiers): void {
  describe(`The engine ${name}`, () => {
    // Each part opens stores for the tests of the suite that it is in, which are to be its own alone.
    for (const [part, describePart] of Object.entries(parts)) {
      describe(`(${part})`, () => describePart(openTiers));
    }
  });
}
