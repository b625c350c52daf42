import {
  readThenDelete,
  readBeforeListing,
  sweepWithoutFence,
  trustedPayload,
  expiredIsNothing,
  errorTakenForAbsent,
} from './variants/cleanup-variants.js';
import { expiryOfAnyRevision, expiryRevived, rowExpiryFirst } from './variants/expiry-variants.js';
import {
  entryBeforeBlob,
  graceNotKept,
  logForgetsAtCommit,
  oldBlobNotLogged,
} from './variants/log-variants.js';
import {
  commitWithoutIntent,
  contentKeepsIntents,
  ackBeforeFlush,
  orderedByClock,
} from './variants/table-variants.js';
import {
  recordBeforeBegin,
  retriedBegin,
  retriedPut,
  unknownTakenForDone,
  fencedAnsweredOk,
  conditionOutlivesObject,
  loserAlwaysOk,
} from './variants/writer-variants.js';
import { noSecondLook, withoutChecksum } from './variants/reader-variants.js';
import {
  ageIsTheOnlyGuard,
  cursorSkipsPage,
  damageDeleted,
  liveSetBeforeListing,
  silenceTakenForJob,
  trustedCandidates,
  unreadableKeepsAll,
} from './variants/sweep-variants.js';
import type { BrokenVariant } from './variant.js';

/**
 * Ways to get it wrong. Each is what somebody might write in good faith; a test shows that the
 * simulator tells each from the engine as it is.
 */
export const brokenVariants: readonly BrokenVariant[] = [
  readThenDelete,
  readBeforeListing,
  sweepWithoutFence,
  trustedPayload,
  expiredIsNothing,
  errorTakenForAbsent,
  commitWithoutIntent,
  contentKeepsIntents,
  ackBeforeFlush,
  orderedByClock,
  recordBeforeBegin,
  retriedBegin,
  retriedPut,
  unknownTakenForDone,
  fencedAnsweredOk,
  conditionOutlivesObject,
  loserAlwaysOk,
  withoutChecksum,
  noSecondLook,
  oldBlobNotLogged,
  logForgetsAtCommit,
  entryBeforeBlob,
  graceNotKept,
  expiryRevived,
  expiryOfAnyRevision,
  rowExpiryFirst,
  liveSetBeforeListing,
  ageIsTheOnlyGuard,
  cursorSkipsPage,
  trustedCandidates,
  silenceTakenForJob,
  damageDeleted,
  unreadableKeepsAll,
];
