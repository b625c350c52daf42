export { assert } from './assert.js';
export { blobNameOf, isBlobName, parseBlobName } from './blob-name.js';
export type { BlobName, BlobNameParts } from './blob-name.js';
export type { Branded } from './brand.js';
export { parseByteRange, spanOf } from './byte-range.js';
export type { ByteRange, ByteSpan } from './byte-range.js';
export { createByteReader, unreadable } from './byte-reader.js';
export type { ByteReader } from './byte-reader.js';
export { decodeChange, decodeChangeKey, encodeChange, encodeChangeKey } from './change-codec.js';
export type { Change } from './change.js';
export { failedCondition } from './condition.js';
export type { PreconditionFailed, WriteCondition } from './condition.js';
export { DomainError, hasCode, invalid } from './errors.js';
export type { ErrorCode, ErrorDetail } from './errors.js';
export {
  expiryOf,
  extendedExpiry,
  isExpired,
  manualExpiration,
  parseExpiration,
} from './expiration.js';
export type { ExpirationPolicy } from './expiration.js';
export * as limits from './limits.js';
export { contentTypeDefault, noCustomPairs, parseCallerMetadata } from './metadata.js';
export type { BlobMetadata, CallerMetadata, ObjectMetadata } from './metadata.js';
export { decodeMetadata, encodeMetadata } from './metadata-codec.js';
export { parseObjectId, parseStoragePath, parseStoragePrefix } from './object-id.js';
export type {
  ListContext,
  ObjectId,
  ObjectIdParts,
  Scope,
  StoragePath,
  StoragePrefix,
} from './object-id.js';
export { openPayload } from './payload-under-way.js';
export type { PayloadUnderWay } from './payload-under-way.js';
export { invalidPageToken, parsePageSize, parsePageToken } from './page.js';
export {
  changeIdOf,
  decodeRevision,
  encodeRevision,
  formatRevision,
  isRevision,
  parseRevision,
  revisionBytes,
  revisionOf,
  timeOfRevision,
} from './revision.js';
export type { ChangeId, Revision } from './revision.js';
export { decodeRowHead, encodeRowHead } from './row-head-codec.js';
export type { StoredHead } from './row-head-codec.js';
export { absentRow, headAsOf, namedBlob, physicalRevision } from './row.js';
export type {
  AbsentRow,
  ExpiredRemains,
  InlineHead,
  InlineRow,
  Row,
  RowHead,
  RowWrite,
  TombstoneRow,
} from './row.js';
export { endOfPrefix, objectIdOfKey, showKey } from './stored-key.js';
export { objectPageOf, readablePage, rowPageOf } from './listed-rows.js';
export type { ReadablePage } from './listed-rows.js';
export { compareUtf8, isCleanText, utf8Length } from './text.js';
export { isTimestamp, later } from './timestamp.js';
export type { Timestamp } from './timestamp.js';
export type { UsecaseCount } from './usecase-count.js';
export type { ChangeLog, ChangePage, ChangeQuery } from './ports/change-log.js';
export type { Checksum } from './ports/checksum.js';
export { CleanupFailure } from './ports/cleanup-queue.js';
export type {
  CleanupConsumer,
  CleanupHandler,
  CleanupJob,
  CleanupProducer,
  DeadLetter,
  DeadLetterPage,
  WorkHold,
  WorkOptions,
} from './ports/cleanup-queue.js';
export type { Clock } from './ports/clock.js';
export type {
  HighVolumeTier,
  ListedObject,
  ListedRow,
  ObjectPage,
  RowPage,
} from './ports/high-volume-tier.js';
export type { Ids } from './ports/ids.js';
export type {
  BlobHead,
  BlobPage,
  BlobRead,
  CreateResult,
  ListedBlob,
  LongTermTier,
  Payload,
  RemoveResult,
  UndecidedEntry,
} from './ports/long-term-tier.js';
export type { EngineEvent, Observer } from './ports/observer.js';
export { abortablePayload } from './engine/abortable-payload.js';
export { createEngine, engineDefaults } from './engine/create-engine.js';
export type { StorageEngine } from './engine/create-engine.js';
export type { DeleteOutcome, DeleteRequest } from './engine/delete-object.js';
export type { EngineDependencies, EngineOptions } from './engine/engine-parts.js';
export type { ExpireOutcome, ExpireRequest } from './engine/expire-object.js';
export type { FoundObject, GetOutcome, GetRequest, TooLargeObject } from './engine/get-object.js';
export type { HeadOutcome } from './engine/head-object.js';
export type { ListOutcome, ListRequest } from './engine/list-objects.js';
export type { ExpectedContent, PutOutcome, PutRequest } from './engine/put-object.js';
export { singleChunk } from './engine/single-chunk.js';
export type { Fenced } from './engine/change-plan.js';
export type { BlobFate, FreedBlob } from './reclaim/blob-fate.js';
export type { DescribeStorageRequest, StorageDescription } from './reclaim/describe-storage.js';
export type { DiscardOutcome } from './reclaim/discard-change.js';
export type { ListBlobsOutcome, ListBlobsRequest } from './reclaim/list-blobs.js';
export type { ListChangesOutcome, ListChangesRequest } from './reclaim/list-changes.js';
export type { OfferReport, OfferRequest } from './reclaim/offer-changes.js';
export type { ReclaimOutcome, ReclaimRequest } from './reclaim/reclaim-blob.js';
export type { Usage, UsecaseUsage } from './reclaim/usage-tally.js';
export type { VerifyObjectsOutcome, VerifyObjectsRequest } from './reclaim/verify-objects.js';
export type { Damage, DamageKind } from './reclaim/verify-verdict.js';
export type { RecoverReport, RecoverRequest } from './reclaim/recover-changes.js';
export type { SettleOutcome, SettleRequest } from './reclaim/settle-change.js';
export type { ExpireObjectsReport, ExpireObjectsRequest } from './reclaim/expire-objects.js';
export type { ReclaimOrphansReport, ReclaimOrphansRequest } from './reclaim/reclaim-orphans.js';
export type { SweepBounds, SweepReach } from './reclaim/sweep-in-steps.js';
export type { CleanupJobs, CleanupJobState } from './ports/cleanup-jobs.js';
export type {
  SweepBegun,
  SweepLease,
  SweepLedger,
  SweepNoted,
  SweepReportPage,
  SweepRun,
} from './ports/sweep-ledger.js';
export type {
  BlobJudgement,
  DueChange,
  DueChanges,
  ExpiredObjects,
  ExpiringPage,
  SweptBlob,
  SweptBlobs,
  SweptPage,
  SweptStore,
  VerifiedObjects,
  VerifyingPage,
} from './ports/swept-store.js';
export { keptReasons } from './sweep/sweep-findings.js';
export type {
  KeptCount,
  KeptReason,
  SweepCounts,
  SweepDamage,
  SweepFindings,
  UsecaseSweepCounts,
} from './sweep/sweep-findings.js';
export type { SweepError, SweepReport, SweepState } from './sweep/sweep-report.js';
export { isSweepRunId, newSweepRunId, sweepKinds } from './sweep/sweep-request.js';
export type { SweepKind, SweepLimit, SweepRequest, SweepRunId } from './sweep/sweep-request.js';
export { createSweepDuties } from './sweep/create-sweep-duties.js';
export type {
  SweepDuties,
  SweepDutiesDependencies,
  SweepDutiesOptions,
} from './sweep/create-sweep-duties.js';
export { runSweep } from './sweep/run-sweep.js';
export type {
  RunSweepDependencies,
  RunSweepOptions,
  SweepObserver,
  SweepRunOutcome,
} from './sweep/run-sweep.js';
export type { SweepRoom } from './sweep/sweep-budget.js';
export type { SweepDuty, SweepFound, SweepStepOutcome } from './sweep/sweep-duty.js';
export { parseSweepLimit } from './sweep/sweep-limit.js';
export { noFindings } from './sweep/sweep-tally.js';
