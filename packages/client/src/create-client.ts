import { createBatchSession, openChannel, type ClientTls } from '@holdfast/rpc';
import { createOperationEncoder } from './batch-operation.js';
import type { CallOptions, CallTerms } from './call-terms.js';
import { checkAddress } from './check-address.js';
import type { ClientCore } from './client-core.js';
import { connect, waitForConnection } from './connect.js';
import { deleteObject, type DeleteOptions, type DeleteResult } from './delete-object.js';
import { publicly, withPublicErrors } from './errors.js';
import type { Download } from './get/download.js';
import { getObject, type GetOptions } from './get/get-object.js';
import { headObject, type HeadOptions } from './head-object.js';
import {
  clientLimitDefaults,
  deadlineMsDefault,
  drainMsDefault,
  type ClientLimits,
} from './limits.js';
import { listObjects, type ListOptions, type ObjectList } from './list-objects.js';
import type { Items } from './many/in-completion-order.js';
import type { Operation, OperationResult } from './many/operation.js';
import { runMany, type ManyOptions } from './many/run-many.js';
import type { ListInput, NewObjectIdInput, ObjectIdInput } from './object-id.js';
import type { ObjectInfo } from './object-info.js';
import type { PutBody } from './payload/open-payload.js';
import { putObject } from './put/put-object.js';
import type { PutOptions, PutResult } from './put/put-options.js';
import { createRepeats } from './repeat-call.js';
import { createRetryBudget } from './retry-budget.js';
import { systemClock } from './system-clock.js';

export interface ClientOptions {
  /** `host:port` of a gateway. `dns:host:port` spreads the calls over all addresses of the name. */
  readonly address: string;
  /** Certificates as PEM files; `{}` trusts the authorities that Node.js comes with. Missing: no encryption. */
  readonly tls?: ClientTls | undefined;
  /** Sent with every call: `{ authorization: 'Bearer …' }`. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /** How long a call may take that is not a stream, where the call does not say; 30 seconds. */
  readonly deadlineMs?: number | undefined;
  readonly limits?: Partial<ClientLimits> | undefined;
}

/**
 * A client of one Holdfast. Make one for a process and share it: it connects with the first call and
 * again when the connection is lost, and small operations of all callers travel together.
 *
 * Every method repeats what is safe to repeat, with growing pauses, within the deadline of the call.
 * They fail with a `HoldfastError`.
 */
export interface Client {
  /**
   * Stores an object, and replaces the one that was there with all its metadata. It is durable and
   * visible to all once this resolves; when it fails nothing is stored, unless the error's reason is
   * `OUTCOME_UNKNOWN` or its code `DEADLINE_EXCEEDED` or `CANCELLED`: then it may be, or may yet be.
   */
  put(id: NewObjectIdInput, body: PutBody, options?: PutOptions): Promise<PutResult>;
  /** Finds an object. Its payload arrives as it is read. */
  get(id: ObjectIdInput, options?: GetOptions): Promise<Download>;
  /** What is known of an object. It does not count as a read: no expiry moves. */
  head(id: ObjectIdInput, options?: HeadOptions): Promise<ObjectInfo>;
  /** Deletes an object. Deleting what is not there is a success. */
  delete(id: ObjectIdInput, options?: DeleteOptions): Promise<DeleteResult>;
  /** Lists objects in the order of their storage paths. Nothing is fetched before it is read. */
  list(what: ListInput, options?: ListOptions): ObjectList;
  /** Runs many operations at once, with results in the order of completion. */
  many(operations: Items<Operation>, options?: ManyOptions): AsyncIterable<OperationResult>;
  /**
   * Waits until there is a connection; no call needs it. Fails with UNAVAILABLE when there is none by
   * the deadline, 10 seconds by default: the way to find out early that an address is wrong.
   */
  connect(options?: CallOptions): Promise<void>;
  /**
   * Takes no more calls, and waits for the small ones under way, 5 seconds by default. Nothing is
   * repeated any more; payloads on their way may be read to their end.
   */
  close(drainMsMax?: number): Promise<void>;
}

/** Makes a client. Nothing is sent before the first call. */
export function createClient(options: ClientOptions): Client {
  const closed = new AbortController();
  const core = publicly(() => createCore(options, closed.signal));
  return {
    put: (id, body, put = {}) => withPublicErrors(() => putObject(core, id, body, put)),
    get: (id, get = {}) => withPublicErrors(() => getObject(core, id, get)),
    head: (id, head = {}) => withPublicErrors(() => headObject(core, id, head)),
    delete: (id, remove = {}) => withPublicErrors(() => deleteObject(core, id, remove)),
    list: (what, list = {}) => publicly(() => listObjects(core, what, list)),
    many: (operations, many = {}) => runMany(core, operations, many),
    connect: (wait = {}) => withPublicErrors(() => connect(core, wait)),
    async close(drainMsMax = drainMsDefault) {
      closed.abort();
      await core.session.close(drainMsMax);
      core.channel.close();
    },
  };
}

/** Tells the gateway that this side repeats calls: two that do would multiply. */
const retriesAreOurs = { 'holdfast-retries': 'caller' };

function createCore(options: ClientOptions, closed: AbortSignal): ClientCore {
  const clock = systemClock;
  const { tls } = options;
  const address = checkAddress(options.address);
  const limits = { ...clientLimitDefaults, ...options.limits };
  const metadata = { ...options.metadata, ...retriesAreOurs };
  const channel = openChannel({ address, tls, metadata });
  const { outstandingMax, queueMax } = limits;
  const session = createBatchSession(channel, { outstandingMax, queueMax }, { clock });
  const budget = createRetryBudget(limits, () => clock.now());
  const connected = (terms: CallTerms): Promise<boolean> =>
    waitForConnection(channel, clock, terms);
  const repeats = createRepeats(limits, { clock, random: Math.random, budget, connected, closed });
  const deadlineMs = options.deadlineMs ?? deadlineMsDefault;
  const encoder = createOperationEncoder();
  return { channel, session, repeats, encoder, clock, limits, deadlineMs };
}
