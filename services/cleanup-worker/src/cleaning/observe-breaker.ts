import type { Logger, Metrics } from '@holdfast/service-kit';
import type { Breaker, BreakerState } from './breaker.js';

export interface BreakerObserverDependencies {
  readonly metrics: Metrics;
  readonly logger: Logger;
}

const states: readonly BreakerState[] = ['closed', 'open', 'half-open'];

/**
 * Tells of the breaker's changes: by numbers of each, by a line when it opens and when it closes. Its
 * looking whether things are well again is not worth one.
 */
export function observeBreaker(
  breaker: Breaker,
  { metrics, logger }: BreakerObserverDependencies,
): void {
  const gauge = metrics.gauge(
    'cleanup_breaker_state',
    'Whether jobs are taken: 1 for the state it is in. Open: none are; half-open: a few, to see',
    ['state'],
  );
  const changes = metrics.counter(
    'cleanup_breaker_changes_total',
    'Times that the breaker has changed to a state',
    ['state'],
  );
  const counters = new Map(states.map((state) => [state, changes.labels(state)]));
  let before = breaker.state();
  let wasOpen = false;
  show(before);

  function show(current: BreakerState): void {
    for (const state of states) gauge.labels(state).set(state === current ? 1 : 0);
  }

  breaker.onChange(() => {
    const current = breaker.state();
    if (current === before) return;
    before = current;
    show(current);
    counters.get(current)?.add();
    if (current === 'open' && !wasOpen) {
      wasOpen = true;
      logger.warn({ why: breaker.reason() }, 'cleanup is held: what it needs is unwell');
    } else if (current === 'closed') {
      wasOpen = false;
      logger.info({}, 'cleanup goes on');
    }
  });
}
