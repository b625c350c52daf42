/** As Redis and the dashboard know them. */
export const queueNames = {
  settle: 'changelog-cleanup',
  reclaim: 'orphan-reclaim',
  sweep: 'sweep',
} as const;

/** The queues whose jobs are cleaned by workers here. */
export type CleanupQueueName = (typeof queueNames)['settle' | 'reclaim'];

export type QueueName = (typeof queueNames)[keyof typeof queueNames];

export const cleanupQueueNames: readonly CleanupQueueName[] = [
  queueNames.settle,
  queueNames.reclaim,
];
