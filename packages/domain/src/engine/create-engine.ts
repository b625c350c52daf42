import { DomainError } from '../errors.js';
import {
  backgroundTasksMax,
  changeDeadlineMs,
  enqueuesMax,
  inlineThresholdBytes,
  objectBytesMax,
  readerGraceMs,
} from '../limits.js';
import type { ObjectId } from '../object-id.js';
import type { ChangeId } from '../revision.js';
import { createBlobSizes } from '../reclaim/blob-sizes.js';
import {
  describeStorage,
  type DescribeStorageRequest,
  type StorageDescription,
} from '../reclaim/describe-storage.js';
import { discardChange, type DiscardOutcome } from '../reclaim/discard-change.js';
import { listBlobs, type ListBlobsOutcome, type ListBlobsRequest } from '../reclaim/list-blobs.js';
import {
  listChanges,
  type ListChangesOutcome,
  type ListChangesRequest,
} from '../reclaim/list-changes.js';
import { offerChanges, type OfferReport, type OfferRequest } from '../reclaim/offer-changes.js';
import { reclaimBlob, type ReclaimOutcome, type ReclaimRequest } from '../reclaim/reclaim-blob.js';
import {
  recoverChanges,
  type RecoverReport,
  type RecoverRequest,
} from '../reclaim/recover-changes.js';
import {
  expireObjects,
  type ExpireObjectsReport,
  type ExpireObjectsRequest,
} from '../reclaim/expire-objects.js';
import {
  reclaimOrphans,
  type ReclaimOrphansReport,
  type ReclaimOrphansRequest,
} from '../reclaim/reclaim-orphans.js';
import { settleChange, type SettleOutcome, type SettleRequest } from '../reclaim/settle-change.js';
import {
  verifyObjects,
  type VerifyObjectsOutcome,
  type VerifyObjectsRequest,
} from '../reclaim/verify-objects.js';
import { createBackground } from './background.js';
import { deleteObject, type DeleteOutcome, type DeleteRequest } from './delete-object.js';
import type { EngineDependencies, EngineOptions, EngineParts } from './engine-parts.js';
import { expireObject, type ExpireOutcome, type ExpireRequest } from './expire-object.js';
import { getObject, type GetOutcome, type GetRequest } from './get-object.js';
import { headObject, type HeadOutcome } from './head-object.js';
import { listObjects, type ListOutcome, type ListRequest } from './list-objects.js';
import { putObject, type PutOutcome, type PutRequest } from './put-object.js';

/** The storage engine: every use case, over whatever tiers it was given. */
export interface StorageEngine {
  putObject(request: PutRequest): Promise<PutOutcome>;
  getObject(request: GetRequest): Promise<GetOutcome>;
  headObject(id: ObjectId): Promise<HeadOutcome>;
  deleteObject(request: DeleteRequest): Promise<DeleteOutcome>;
  listObjects(request: ListRequest): Promise<ListOutcome>;
  settleChange(request: SettleRequest): Promise<SettleOutcome>;
  discardChange(changeId: ChangeId): Promise<DiscardOutcome>;
  listChanges(request: ListChangesRequest): Promise<ListChangesOutcome>;
  listBlobs(request: ListBlobsRequest): Promise<ListBlobsOutcome>;
  reclaimBlob(request: ReclaimRequest): Promise<ReclaimOutcome>;
  expireObject(request: ExpireRequest): Promise<ExpireOutcome>;
  recoverChanges(request: RecoverRequest): Promise<RecoverReport>;
  offerChanges(request: OfferRequest): Promise<OfferReport>;
  reclaimOrphans(request: ReclaimOrphansRequest): Promise<ReclaimOrphansReport>;
  expireObjects(request: ExpireObjectsRequest): Promise<ExpireObjectsReport>;
  verifyObjects(request: VerifyObjectsRequest): Promise<VerifyObjectsOutcome>;
  describeStorage(request: DescribeStorageRequest): Promise<StorageDescription>;

  /**
   * Refuses new operations and waits for the running ones and for their cleanup, for `drainMsMax` at
   * most. Answers how many were still running then; what they leave behind is on the change log.
   */
  close(drainMsMax: number): Promise<number>;
}

export const engineDefaults: EngineOptions = {
  inlineThresholdBytes,
  objectBytesMax,
  readerGraceMs,
  changeDeadlineMs,
  backgroundTasksMax,
  enqueuesMax,
};

export function createEngine(
  options: Partial<EngineOptions>,
  dependencies: EngineDependencies,
): StorageEngine {
  const allOptions = { ...engineDefaults, ...options };
  const background = createBackground(allOptions.backgroundTasksMax);
  const enqueues = createBackground(allOptions.enqueuesMax);
  const blobSizes = createBlobSizes(dependencies);
  const parts: EngineParts = {
    ...dependencies,
    options: allOptions,
    background,
    enqueues,
    blobSizes,
  };

  let closing = false;

  function useCase<Request, Outcome>(
    run: (engine: EngineParts, request: Request) => Promise<Outcome>,
  ): (request: Request) => Promise<Outcome> {
    return (request) => {
      if (closing) return Promise.reject(new DomainError({ code: 'SHUTTING_DOWN' }));
      return background.track(run(parts, request));
    };
  }

  /** What enqueues comes to its end first. */
  async function untilIdle(): Promise<void> {
    await background.idle();
    await enqueues.idle();
  }

  return {
    putObject: useCase(putObject),
    getObject: useCase(getObject),
    headObject: useCase(headObject),
    deleteObject: useCase(deleteObject),
    listObjects: useCase(listObjects),
    settleChange: useCase(settleChange),
    discardChange: useCase(discardChange),
    listChanges: useCase(listChanges),
    listBlobs: useCase(listBlobs),
    reclaimBlob: useCase(reclaimBlob),
    expireObject: useCase(expireObject),
    recoverChanges: useCase(recoverChanges),
    offerChanges: useCase(offerChanges),
    reclaimOrphans: useCase(reclaimOrphans),
    expireObjects: useCase(expireObjects),
    verifyObjects: useCase(verifyObjects),
    describeStorage: useCase(describeStorage),
    async close(drainMsMax) {
      closing = true;
      const drained = new AbortController();
      const idle = untilIdle().then(() => drained.abort());
      await Promise.race([idle, dependencies.clock.sleep(drainMsMax, drained.signal)]);
      return background.running() + enqueues.running();
    },
  };
}
