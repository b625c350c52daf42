import { cleanup } from '@holdfast/contracts';
import type { CallOptions } from '../../call-terms.js';
import {
  openOperatorChannel,
  type Attempted,
  type Call,
  type OperatorChannelOptions,
} from './operator-channel.js';

const contract = cleanup.CleanupServiceService;

/** The CleanupService of one worker. */
export interface CleanupClient {
  connect(options: CallOptions): Promise<void>;
  readonly getStats: Call<cleanup.GetStatsRequest, cleanup.GetStatsResponse>;
  readonly listDeadLetters: Call<cleanup.ListDeadLettersRequest, cleanup.ListDeadLettersResponse>;
  readonly retryDeadLetters: Call<
    cleanup.RetryDeadLettersRequest,
    Attempted<cleanup.RetryDeadLettersResponse>
  >;
  readonly discardDeadLetters: Call<
    cleanup.DiscardDeadLettersRequest,
    Attempted<cleanup.DiscardDeadLettersResponse>
  >;
  readonly pauseQueue: Call<cleanup.PauseQueueRequest, cleanup.PauseQueueResponse>;
  readonly resumeQueue: Call<cleanup.ResumeQueueRequest, cleanup.ResumeQueueResponse>;
  close(): void;
}

export function createCleanupClient(options: OperatorChannelOptions): CleanupClient {
  const { connect, call, attempted, close } = openOperatorChannel(options);
  return {
    connect,
    getStats: call(contract.getStats),
    listDeadLetters: call(contract.listDeadLetters),
    retryDeadLetters: attempted(contract.retryDeadLetters),
    discardDeadLetters: attempted(contract.discardDeadLetters),
    pauseQueue: call(contract.pauseQueue),
    resumeQueue: call(contract.resumeQueue),
    close,
  };
}
