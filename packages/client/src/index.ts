export type { ByteSpan, CallerMetadata, ExpirationPolicy, Scope } from '@holdfast/domain';
export type { ClientTls } from '@holdfast/rpc';
export type { ByteRange } from './byte-range.js';
export type { CallOptions } from './call-terms.js';
export { createClient } from './create-client.js';
export type { Client, ClientOptions } from './create-client.js';
export type { DeleteOptions, DeleteResult } from './delete-object.js';
export { HoldfastError } from './errors.js';
export type { FieldViolation, StatusCode } from './errors.js';
export type { Download } from './get/download.js';
export type { GetOptions } from './get/get-object.js';
export type { HeadOptions } from './head-object.js';
export { clientLimitDefaults } from './limits.js';
export type { ClientLimits } from './limits.js';
export type { ListOptions, ObjectList, ObjectPage } from './list-objects.js';
export type { Operation, OperationResult } from './many/operation.js';
export type { ManyOptions } from './many/run-many.js';
export { parseObjectReference } from './object-id.js';
export type {
  ListInput,
  NewObjectIdInput,
  ObjectId,
  ObjectIdInput,
  ScopeInput,
} from './object-id.js';
export type { MetadataInput, ObjectInfo } from './object-info.js';
export { formatObjectReference } from './object-reference.js';
export type { PutBody } from './payload/open-payload.js';
export type { Progress, PutOptions, PutResult } from './put/put-options.js';
