/**
 * The tiered stores as sweeps see them, over MaintenanceService.
 *
 * Every call may be repeated and has a deadline: what it is asked to work for, and `callMs` beside. What
 * an answer says in words of a newer version is undecided, which keeps it.
 */
import { maintenance } from '@holdfast/contracts';
import { DomainError, isTimestamp, type Clock, type SweptStore } from '@holdfast/domain';
import {
  durationMessage,
  openStoreChannels,
  type Method,
  type StoreChannels,
  type StoreChannelsOptions,
} from '@holdfast/rpc';
import { startupErrorOf } from '@holdfast/service-kit';
import { createBlobJudge } from './judge-blobs.js';
import { domainErrorOf, storeTier } from './store-errors.js';
import { createStoreTime } from './store-time.js';
import {
  dueChangesOf,
  pageMessage,
  sweptBlobsOf,
  usecaseCountOf,
  verifiedObjectsOf,
} from './store-messages.js';

export interface SweptStoreOptions extends StoreChannelsOptions {
  readonly callMs: number;
}

export interface SweptStoreDependencies {
  readonly clock: Clock;
  /** Hears by how much the store's clock is ahead of ours, whenever that is known. */
  readonly told: (aheadMs: number) => void;
}

export interface OpenedStore extends SweptStore {
  close(): void;
}

/** Makes one call, and answers or rejects in the words of the domain. */
export type StoreCall = <Req, Res>(
  method: Method<Req, Res>,
  request: Req,
  signal: AbortSignal,
  workMs?: number,
) => Promise<Res>;

const contract = maintenance.MaintenanceServiceService;

/** Connects in the background. Refuses, with a `StartupError`, certificates that cannot be used. */
export function openSweptStore(
  options: SweptStoreOptions,
  { clock, told }: SweptStoreDependencies,
): OpenedStore {
  const channels = connect(options, clock);

  const call: StoreCall = async (method, request, signal, workMs = 0) => {
    try {
      return await channels.call(method, request, { msMax: options.callMs + workMs, signal });
    } catch (cause) {
      signal.throwIfAborted();
      throw domainErrorOf(cause);
    }
  };

  const storeTime = createStoreTime(
    async (signal) => {
      const request = { includeUsage: false, includeUnreferenced: false, onlyTime: true };
      const { time } = await call(contract.describeStorage, request, signal);
      const ms = time?.getTime() ?? Number.NaN;
      if (isTimestamp(ms)) return ms;
      throw new DomainError({ code: 'TIER_UNAVAILABLE', tier: storeTier, why: 'it tells no time' });
    },
    { clock, told },
  );

  return {
    time: (signal) => storeTime.ask(signal),

    async listDueChanges(page, signal) {
      const dueAt = new Date(await storeTime.estimate(signal));
      const request = { ...pageMessage(page), dueAt };
      return dueChangesOf(await call(contract.listChanges, request, signal));
    },

    async listBlobs(page, signal) {
      return sweptBlobsOf(await call(contract.listBlobs, pageMessage(page), signal));
    },

    judgeBlobs: createBlobJudge(call),

    async expireObjects({ timeMsMax, dryRun, ...page }, signal) {
      const timeLimit = durationMessage(timeMsMax);
      const request = { ...pageMessage(page), timeLimit, dryRun };
      const answer = await call(contract.expireObjects, request, signal, timeMsMax);
      const { counts, undecided, nextPageToken } = answer;
      return { counts: counts.map(usecaseCountOf), undecided, next: nextPageToken || undefined };
    },

    async verifyObjects({ timeMsMax, bytesMax, ...page }, signal) {
      const timeLimit = durationMessage(timeMsMax);
      const request = { ...pageMessage(page), timeLimit, bytesLimit: BigInt(bytesMax) };
      return verifiedObjectsOf(await call(contract.verifyObjects, request, signal, timeMsMax));
    },

    close: () => channels.close(),
  };
}

function connect(options: StoreChannelsOptions, clock: Clock): StoreChannels {
  try {
    return openStoreChannels(options, { clock });
  } catch (cause) {
    throw startupErrorOf('tieredStore', cause);
  }
}
