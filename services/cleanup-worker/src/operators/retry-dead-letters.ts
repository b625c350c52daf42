import type { cleanup } from '@holdfast/contracts';
import { later, type Timestamp } from '@holdfast/domain';
import type { UnaryHandler } from '@holdfast/rpc';
import { createAudit } from './audit.js';
import type { OperatorDependencies } from './dependencies.js';
import { gatherLetters } from './find-letters.js';
import { inParallel } from './in-parallel.js';
import { readSelection, selectedMax, type LetterSelection } from './letter-selection.js';
import { createLetterTally, letterNotFound } from './letter-tally.js';
import { reachQueue } from './reach-queue.js';
import { createRetryAudit } from './retry-audit.js';
import { readSpread } from './request-bounds.js';

/** Letters that are put back at the same time. */
const concurrencyMax = 32;

/** Puts dead letters back on their queue, at once or here and there over a while. */
export function createRetryDeadLetters(
  dependencies: Omit<OperatorDependencies, 'breaker' | 'orphanBytes'>,
): UnaryHandler<cleanup.RetryDeadLettersRequest, cleanup.RetryDeadLettersResponse> {
  const { queues, clock, metrics, random = Math.random } = dependencies;
  const retried = metrics
    .counter('dead_letters_retried_total', 'dead letters put back on their queue by operators')
    .labels();

  function notBefore(now: Timestamp, spreadMs: number): Timestamp | undefined {
    return spreadMs === 0 ? undefined : later(now, Math.floor(random() * spreadMs));
  }

  return async (request, context) => {
    const selection = readSelection(request.selection);
    const spreadMs = readSpread(request.spread);
    const { ids, more } = await idsOf(dependencies, selection, context.signal);
    const now = clock.now();
    const tally = createLetterTally();
    const audit = createRetryAudit(createAudit(dependencies, context), { selection, spreadMs });
    const retry = async (id: string): Promise<void> => {
      const unreachable = tally.queueError();
      if (unreachable !== undefined) return tally.failed(id, unreachable);
      try {
        const due = notBefore(now, spreadMs);
        const outcome = await reachQueue(() => queues.consumer.retryDeadLetter(id, due));
        if (outcome === 'retried') {
          tally.done();
          audit.retried(id);
        } else if (selection.kind === 'ids') {
          // One that is gone meanwhile does not match a filter any more.
          tally.failed(id, letterNotFound());
        }
      } catch (error) {
        tally.failed(id, error);
        audit.unknown(id, error);
      }
    };
    try {
      await inParallel(ids, concurrencyMax, context.signal, retry);
    } finally {
      retried.add(tally.doneCount());
      audit.end();
    }
    return { failures: tally.failures(), retried: tally.doneCount(), more };
  };
}

async function idsOf(
  dependencies: Pick<OperatorDependencies, 'queues' | 'store'>,
  selection: LetterSelection,
  signal: AbortSignal,
): Promise<{ readonly ids: readonly string[]; readonly more: boolean }> {
  if (selection.kind === 'ids') return { ids: selection.ids, more: false };
  const found = await gatherLetters(dependencies, selection.filter, selectedMax, signal);
  return { ids: found.letters.map(({ id }) => id), more: found.more };
}
