import { maintenance } from '@holdfast/contracts';
import type { Clock } from '@holdfast/domain';
import { openStoreChannels, type StoreChannels } from '@holdfast/rpc';
import { startupErrorOf } from '@holdfast/service-kit';
import type { TieredStoreSettings } from '../config.js';

export interface StoreCallOptions {
  /** Ends the call early. It has a deadline in any case. */
  readonly signal?: AbortSignal | undefined;
}

export interface DecidingOptions extends StoreCallOptions {
  /** Change nothing, only find out. */
  readonly dryRun?: boolean | undefined;
}

/**
 * The tiered stores, as one MaintenanceService.
 *
 * Every call may be repeated, and answers one result for each of its 1 to 1,000 entries, in their order.
 * It rejects with an `RpcError` when it failed as a whole: with `StoreUnreachable` when nothing was sent.
 */
export interface MaintenanceStore {
  settle(
    changeIds: readonly string[],
    options: DecidingOptions,
  ): Promise<readonly maintenance.SettleResult[]>;

  reclaim(
    blobs: readonly string[],
    options: DecidingOptions,
  ): Promise<readonly maintenance.ReclaimResult[]>;

  /** Gives the changes up; `reason` is for the store's audit log. */
  discard(
    changeIds: readonly string[],
    reason: string,
    options: StoreCallOptions,
  ): Promise<readonly maintenance.DiscardResult[]>;

  /** What waits to be freed, by usecase. Looks at every change on the log. */
  describeUnreferenced(options: StoreCallOptions): Promise<maintenance.DescribeStorageResponse>;

  /** Takes no more calls. Those that run may end. */
  close(): Promise<void>;
}

/**
 * Reclaim asks for no minimum age. The finder of the blob has seen to one, and a job carries nothing but
 * the name: a second limit could only agree with that one, or contradict an operator who chose another.
 * Nothing rests on it: the store keeps what a row names or a change on the log owns at any age, and an
 * upload is on the log before the first byte of its blob. An age of none, other than none at all, still
 * has the store look for the blob first: a name that is made up fences nobody and leaves nothing on the
 * log, and a blob of the future is kept.
 */
const noAge = { seconds: 0n, nanos: 0 };

/** For what takes the longer the more is on the log. */
const describeMs = 60_000;

const contract = maintenance.MaintenanceServiceService;

/** Connects in the background. Refuses, with a `StartupError`, certificates that cannot be used. */
export function openMaintenanceStore(
  settings: TieredStoreSettings,
  dependencies: { readonly clock: Clock },
): MaintenanceStore {
  const channels = connect(settings, dependencies);
  const { callMs: msMax } = settings;
  return {
    async settle(changeIds, { dryRun = false, signal }) {
      // Its writer has ended, or is so late that it is presumed dead: that is why there is a job.
      const request = { changeIds, onlyDue: false, dryRun, ignoreReaders: false };
      const { results } = await channels.call(contract.settleChange, request, { msMax, signal });
      return results;
    },

    async reclaim(blobs, { dryRun = false, signal }) {
      const request = { blobs, minAge: noAge, dryRun };
      const { results } = await channels.call(contract.reclaimBlobs, request, { msMax, signal });
      return results;
    },

    async discard(changeIds, reason, { signal }) {
      const request = { changeIds, reason };
      const { results } = await channels.call(contract.discardChanges, request, { msMax, signal });
      return results;
    },

    describeUnreferenced({ signal }) {
      const request = { includeUsage: false, includeUnreferenced: true, onlyTime: false };
      return channels.call(contract.describeStorage, request, { msMax: describeMs, signal });
    },

    close: async () => channels.close(),
  };
}

function connect(
  settings: TieredStoreSettings,
  dependencies: { readonly clock: Clock },
): StoreChannels {
  try {
    return openStoreChannels(settings, dependencies);
  } catch (cause) {
    throw startupErrorOf('tieredStore', cause);
  }
}
