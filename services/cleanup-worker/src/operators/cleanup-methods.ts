import { cleanup } from '@holdfast/contracts';
import { unary, type RpcMethod } from '@holdfast/rpc';
import type { OperatorDependencies } from './dependencies.js';
import { createDiscardDeadLetters } from './discard-dead-letters.js';
import { createGetStats } from './get-stats.js';
import { createListDeadLetters } from './list-dead-letters.js';
import { createPauseQueue, createResumeQueue } from './pause-queue.js';
import { createRetryDeadLetters } from './retry-dead-letters.js';

const contract = cleanup.CleanupServiceService;

/** Every call of the CleanupService. */
export function cleanupMethods(dependencies: OperatorDependencies): readonly RpcMethod[] {
  return [
    unary(contract.getStats, createGetStats(dependencies)),
    unary(contract.listDeadLetters, createListDeadLetters(dependencies)),
    unary(contract.retryDeadLetters, createRetryDeadLetters(dependencies)),
    unary(contract.discardDeadLetters, createDiscardDeadLetters(dependencies)),
    unary(contract.pauseQueue, createPauseQueue(dependencies)),
    unary(contract.resumeQueue, createResumeQueue(dependencies)),
  ];
}
