import type { Change } from '../change.js';
import type { EngineParts } from '../engine/engine-parts.js';
import type { ChangeId } from '../revision.js';
import type { Timestamp } from '../timestamp.js';

/**
 * Writes down that nothing names the change's blobs any more and until when they stay all the same,
 * and has the change settled then.
 */
export async function keepForReaders(
  engine: EngineParts,
  change: Change,
  until: Timestamp,
): Promise<void> {
  const deadline = change.deadline > until ? change.deadline : until;
  await engine.changeLog.record({ ...change, deadline, readersUntil: until });
  enqueueSettle(engine, change.changeId, until);
}

/**
 * Nobody waits for the queue. One that is slow or down costs time and nothing else: sweeps find the
 * change on the log.
 */
export function enqueueSettle(engine: EngineParts, changeId: ChangeId, notBefore: Timestamp): void {
  engine.enqueues.run(
    () => engine.cleanupQueue.enqueue({ kind: 'settle-change', changeId }, notBefore),
    (cause) => engine.observer.report({ kind: 'change-left-on-log', changeId, cause }),
  );
}
