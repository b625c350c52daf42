export type { CallContext } from './server/call-context.js';
export type { CallKind, CallObserver, CallSpan, CallStart } from './server/call-observer.js';
export { bidi, download, unary, upload } from './server/rpc-method.js';
export type {
  BidiHandler,
  BidiOptions,
  DownloadHandler,
  RpcMethod,
  UnaryHandler,
  UploadHandler,
} from './server/rpc-method.js';
export type {
  RpcServer,
  RpcServerDependencies,
  RpcServerOptions,
  ServerTls,
} from './server/rpc-server.js';
export { serverLimitDefaults } from './server/server-limits.js';
export type { ServerLimits } from './server/server-limits.js';
export { startRpcServer } from './server/start-rpc-server.js';
export { batchSessionDefaults } from './client/batch-options.js';
export type { BatchSessionOptions, BatchSink, BatchSubmission } from './client/batch-options.js';
export { createBatchSession } from './client/batch-session.js';
export type { BatchSession, BatchSessionDependencies } from './client/batch-session.js';
export { channelLimitDefaults } from './client/channel-limits.js';
export type { ChannelLimits } from './client/channel-limits.js';
export { openChannel } from './client/open-channel.js';
export type {
  CallOptions,
  ChannelOptions,
  ChannelState,
  ClientBidi,
  ClientDownload,
  ClientTls,
  ClientUpload,
  RpcChannel,
} from './client/rpc-channel.js';
export { openStoreChannels } from './client/store-channels.js';
export type { StoreChannels, StoreChannelsOptions } from './client/store-channels.js';
export { StoreUnreachable } from './client/store-unreachable.js';
export type { FieldViolation } from './status/field-violation.js';
export { fenced, objectNotFound, preconditionFailed } from './status/outcome-errors.js';
export { knownReason } from './status/reasons.js';
export type { Reason } from './status/reasons.js';
export {
  invalidField,
  isRetryable,
  reasonError,
  RpcError,
  rpcError,
  toRpcError,
} from './status/rpc-error.js';
export type { ErrorExtra } from './status/rpc-error.js';
export { fromServiceError, fromStatusBytes, statusBytes } from './status/status-details.js';
export {
  batchOperationsMax,
  entryBytes,
  joinBatch,
  splitBatchRequest,
  splitBatchResponse,
} from './wire/batch-frames.js';
export type { BatchEntry, RawOperation, RawResult } from './wire/batch-frames.js';
export { parseBatchResult, splitGetResult } from './wire/batch-outcome.js';
export type { RawGetResult, RawOutcome } from './wire/batch-outcome.js';
export { durationMessage, millisecondsOf } from './wire/duration.js';
export { decodeMessage } from './wire/decode-message.js';
export { createIndexTable } from './wire/index-table.js';
export type { IndexTable } from './wire/index-table.js';
export type { MessageReader, MessageWriter } from './wire/message-stream.js';
export { rawMethod, rawRequests, rawResponses } from './wire/method.js';
export type { Method } from './wire/method.js';
export {
  allocateChunk,
  encodeChunkMessage,
  encodeDownloadHeader,
  encodeUploadFinish,
  encodeUploadHeader,
  parseDownloadMessage,
  parseUploadMessage,
} from './wire/payload-messages.js';
export type { ChunkBuffer, DownloadMessage, UploadMessage } from './wire/payload-messages.js';
export { isRequestId } from './wire/request-id.js';
export { varintSize, writeVarint } from './wire/varint.js';
