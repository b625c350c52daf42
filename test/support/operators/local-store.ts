import { createDiscardChanges } from '../../../services/tiered-store/src/maintenance/discard-changes.js';
import { createReclaimBlobs } from '../../../services/tiered-store/src/maintenance/reclaim-blobs.js';
import { createSettleChange } from '../../../services/tiered-store/src/maintenance/settle-change.js';
import type { OperatorDependencies } from '../../../services/cleanup-worker/src/operators/dependencies.js';
import type { StoreUnderTest } from '../engine/store-under-test.js';
import { callContext, dependenciesOf } from '../maintenance.js';

/** The MaintenanceService of an engine in this process, without a connection between. */
export function createLocalStore(store: () => StoreUnderTest): OperatorDependencies['store'] {
  return {
    async settle(changeIds, { dryRun = false, signal }) {
      const request = { changeIds, dryRun, onlyDue: false, ignoreReaders: false };
      const handler = createSettleChange(dependenciesOf(store()));
      return (await handler(request, callContext(signal))).results;
    },
    async reclaim(blobs, { dryRun = false, signal }) {
      const request = { blobs, dryRun, minAge: { seconds: 0n, nanos: 0 } };
      const handler = createReclaimBlobs(dependenciesOf(store()));
      return (await handler(request, callContext(signal))).results;
    },
    async discard(changeIds, reason, { signal }) {
      const handler = createDiscardChanges(dependenciesOf(store()));
      return (await handler({ changeIds, reason }, callContext(signal))).results;
    },
  };
}
