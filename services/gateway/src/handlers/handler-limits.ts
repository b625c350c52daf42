export interface HandlerLimits {
  /** An upload of at most so many bytes is gathered and goes to the store as a batch operation. */
  readonly gatheredBytesMax: number;
  /** One in more chunks than this is not gathered: each message takes room of its own. */
  readonly gatheredChunksMax: number;
  /** Of a payload that came in a batch result, as a download. */
  readonly chunkBytes: number;
  /** How long a small operation may take whose caller set no deadline. */
  readonly operationMsMax: number;
  /** How often a download begins again because the object was replaced meanwhile. */
  readonly downloadRoundsMax: number;
  /** A store that takes or gives no byte of a stream for this long is given up. */
  readonly stallMsMax: number;
  /** How long a store may take for its answer once it has a whole upload. */
  readonly commitMsMax: number;
  /** Operations of one caller's batch stream whose results it does not have. */
  readonly batchOutstandingMax: number;
  /** Room that the operations of one caller's batch stream take together; one always fits. */
  readonly batchRoomBytesMax: number;
  /** Of one message of results; one that is larger goes alone. Small messages keep both sides busy. */
  readonly batchMessageBytesMax: number;
  /** Room kept for the payload of a get: what a batch result has at most. */
  readonly getResultBytes: number;
  /** Room kept for any other result. */
  readonly resultBytes: number;
}

const KiB = 1_024;
const second = 1_000;

export const handlerLimitDefaults: HandlerLimits = {
  gatheredBytesMax: 256 * KiB,
  gatheredChunksMax: 64,
  chunkBytes: 256 * KiB,
  operationMsMax: 30 * second,
  downloadRoundsMax: 3,
  stallMsMax: 30 * second,
  commitMsMax: 300 * second,
  batchOutstandingMax: 1_000,
  batchRoomBytesMax: 64 * 1_024 * KiB,
  batchMessageBytesMax: 128 * KiB,
  getResultBytes: 1_024 * KiB,
  resultBytes: 16 * KiB,
};
