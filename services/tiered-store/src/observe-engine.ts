import type { EngineEvent, Observer } from '@holdfast/domain';
import {
  createLineLimit,
  type CounterSeries,
  type LogFields,
  type Logger,
  type Metrics,
} from '@holdfast/service-kit';

export interface EngineObserverDependencies {
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Milliseconds of a clock that only goes forward. */
  readonly now?: () => number;
}

/** What each event is counted as, and what its counter says it means. */
const counters: Readonly<Record<EngineEvent['kind'], { name: string; help: string }>> = {
  'dangling-tombstone': {
    name: 'dangling_tombstones_total',
    help: 'Reads of objects whose payload is lost: the row names a blob that is not there',
  },
  'damaged-object': {
    name: 'damaged_objects_total',
    help: 'Reads of objects whose stored bytes are not the bytes that were written',
  },
  'unreadable-row': {
    name: 'unreadable_rows_total',
    help: 'Rows left out of a list because they cannot be read',
  },
  'change-left-on-log': {
    name: 'changes_left_on_log_total',
    help: 'Changes whose cleanup could not be done or queued at once; a sweep finds them',
  },
  'expiry-not-extended': {
    name: 'expiries_not_extended_total',
    help: 'Reads that could not move the expiry of a time-to-idle object on',
  },
  'deadline-not-deferred': {
    name: 'deadlines_not_deferred_total',
    help: 'Times that a running upload could not tell the change log so',
  },
  'intent-left': {
    name: 'intents_left_total',
    help: 'Abandoned intents that stay in their rows until the next write; harmless',
  },
};

/** As long as the queue is down every large write leaves a change: they are counted, and a few told. */
const changesLeftLinesPerSecondMax = 5;

/** Counts what operators should hear of, and logs it: loudly where an object is lost. */
export function observeEngine({ metrics, logger, now }: EngineObserverDependencies): Observer {
  const series = new Map<EngineEvent['kind'], CounterSeries>();
  const mayLogChangeLeft = createLineLimit(changesLeftLinesPerSecondMax, now);
  // Made at once, so that a dashboard shows a zero and not a gap.
  for (const [kind, { name, help }] of Object.entries(counters)) {
    series.set(kind as EngineEvent['kind'], metrics.counter(name, help).labels());
  }
  return {
    report(event) {
      series.get(event.kind)?.add();
      const unsaid = event.kind === 'change-left-on-log' ? mayLogChangeLeft() : 0;
      if (unsaid !== undefined) log(logger, event, unsaid > 0 ? { unsaid } : {});
    },
  };
}

function log(logger: Logger, event: EngineEvent, more: LogFields): void {
  const { kind } = event;
  switch (kind) {
    case 'dangling-tombstone':
      return logger.error({ kind, object: event.id.path, blob: event.blob }, 'an object is lost');
    case 'damaged-object':
      return logger.error(
        { kind, object: event.id.path, cause: event.cause },
        'an object is damaged',
      );
    case 'unreadable-row':
      return logger.error({ kind, object: event.path }, 'a row cannot be read');
    case 'change-left-on-log':
    case 'deadline-not-deferred':
      return logger.warn(
        { kind, changeId: event.changeId, cause: event.cause, ...more },
        'left to a sweep',
      );
    case 'expiry-not-extended':
    case 'intent-left':
      return logger.warn(
        { kind, object: event.id.path, cause: event.cause },
        'left to the next call',
      );
  }
}
