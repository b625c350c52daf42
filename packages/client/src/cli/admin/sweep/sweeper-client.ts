import { sweeper } from '@holdfast/contracts';
import type { Method } from '@holdfast/rpc';
import { createCallGuard } from '../../../call-guard.js';
import { rpcOptions, termsOf, type CallOptions } from '../../../call-terms.js';
import { brokenContract, toPublicError } from '../../../errors.js';
import { clientLimitDefaults } from '../../../limits.js';
import {
  openOperatorChannel,
  type Call,
  type OperatorChannel,
  type OperatorChannelOptions,
} from '../operator-channel.js';

const contract = sweeper.SweeperServiceService;
const { stallMsMax } = clientLimitDefaults;

/** The SweeperService of one sweeper. */
export interface SweeperClient {
  connect(options: CallOptions): Promise<void>;
  readonly recoverChanges: Start<sweeper.RecoverChangesRequest>;
  readonly reclaimOrphans: Start<sweeper.ReclaimOrphansRequest>;
  readonly expireObjects: Start<sweeper.ExpireObjectsRequest>;
  readonly verifyObjects: Start<sweeper.VerifyObjectsRequest>;
  readonly listReports: Call<sweeper.ListReportsRequest, sweeper.ListReportsResponse>;
  readonly cancelSweep: Call<sweeper.CancelSweepRequest, sweeper.CancelSweepResponse>;
  close(): void;
}

/** News of a run: how far it is and, last, what it has done. */
export type SweepUpdate =
  | { readonly $case: 'progress'; readonly value: sweeper.SweepProgress }
  | { readonly $case: 'report'; readonly value: sweeper.SweepReport };

/**
 * Starts a run and follows it. The run does not end with whoever follows it; it is not started again
 * when its news cease, which is a failure.
 */
export type Start<Request> = (
  request: Request,
  options: CallOptions,
) => AsyncGenerator<SweepUpdate, undefined>;

export function createSweeperClient(options: OperatorChannelOptions): SweeperClient {
  const operator = openOperatorChannel(options);
  return {
    connect: operator.connect,
    recoverChanges: follow(operator, contract.recoverChanges),
    reclaimOrphans: follow(operator, contract.reclaimOrphans),
    expireObjects: follow(operator, contract.expireObjects),
    verifyObjects: follow(operator, contract.verifyObjects),
    listReports: operator.call(contract.listReports),
    cancelSweep: operator.call(contract.cancelSweep),
    close: operator.close,
  };
}

interface News {
  readonly update?: SweepUpdate | undefined;
}

function follow<Request, Response extends News>(
  { channel, clock }: OperatorChannel,
  method: Method<Request, Response>,
): Start<Request> {
  return async function* (request, options) {
    const terms = termsOf(options, Infinity, clock);
    const call = channel.download(method, request, rpcOptions(terms));
    const guard = createCallGuard(terms, clock, () => call.cancel());
    try {
      for (;;) {
        const next = await guard.wait(call.next(), stallMsMax);
        if (next.done === true) return undefined;
        if (next.value.update === undefined) throw brokenContract('news of a sweep without any');
        yield next.value.update;
      }
    } catch (error) {
      throw toPublicError(error);
    } finally {
      guard.close();
      call.cancel();
    }
  };
}
