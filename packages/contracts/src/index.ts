/**
 * The gRPC contracts as TypeScript, generated from proto/: one namespace a protobuf package, because
 * packages use the same words for their own messages.
 */
export * as cleanup from './cleanup.js';
export * as maintenance from './maintenance.js';
export * as object from './object.js';
export * as rpc from './rpc.js';
export * as sweeper from './sweeper.js';
/** Well-known types that appear as they are. A Timestamp does not: it is a Date, to the millisecond. */
export { Any } from './gen/google/protobuf/any.js';
export { Duration } from './gen/google/protobuf/duration.js';
export { fileDescriptorSetBase64 } from './gen/descriptor-set.js';
