/**
 * When a kind of sweep runs by itself.
 *
 * - A run that its limit cut short goes on at once in another one, until the end is reached. Not so for
 *   verifying, whose limit is its rate, and not where the most orphans of one run are on the queue: there
 *   the limit is for those who work them off.
 * - After a run that reached the end and found nothing to do, the next one comes half as often, up to a
 *   maximum; after one that found something as often as the settings say.
 *
 * The intervals are kept where the schedules are, so that all sweepers share them. Each makes sure of the
 * schedules every minute and whenever Redis is there again: they may be lost with it at any time.
 */
import { sweepKinds, type SweepKind, type SweepReport } from '@holdfast/domain';
import type { SweepQueue } from '@holdfast/queue-bullmq';
import { scheduleOf, type DutySettings } from './duty-settings.js';

export interface Pace {
  /** Makes sure that there is a schedule for each kind, within its bounds. */
  keep(): Promise<void>;
  /** What a scheduled run means for the next one. */
  follow(report: SweepReport): Promise<void>;
}

export interface PaceDependencies {
  readonly queue: Pick<SweepQueue, 'schedule' | 'scheduled' | 'addNext'>;
  readonly duties: DutySettings;
}

const idleFactor = 2;

export function createPace({ queue, duties }: PaceDependencies): Pace {
  async function keepKind(kind: SweepKind, intervals: ReadonlyMap<SweepKind, number>) {
    const { enabled, everyMs, everyMsMax } = scheduleOf(duties, kind);
    if (!enabled) return;
    const known = intervals.get(kind) ?? everyMs;
    const wanted = Math.min(everyMsMax, Math.max(everyMs, known));
    // Also where it is known: its next job may have been removed by hand.
    await queue.schedule(kind, wanted);
  }

  async function adapt(kind: SweepKind, isIdle: boolean): Promise<void> {
    const { everyMs, everyMsMax } = scheduleOf(duties, kind);
    const known = (await queue.scheduled()).get(kind) ?? everyMs;
    const wanted = isIdle ? Math.min(everyMsMax, known * idleFactor) : everyMs;
    if (wanted !== known) await queue.schedule(kind, wanted);
  }

  return {
    async keep() {
      const intervals = await queue.scheduled();
      for (const kind of sweepKinds) await keepKind(kind, intervals);
    },

    async follow(report) {
      const { kind } = report.request;
      if (report.state !== 'ended') return;
      if (goesOnAtOnce(report)) await queue.addNext(kind);
      const isIdle = foundNothing(report);
      // On the way to the end nobody knows yet whether there is nothing to do.
      if (!isIdle || !report.truncated) await adapt(kind, isIdle);
    },
  };
}

function goesOnAtOnce({ request, truncated, findings }: SweepReport): boolean {
  if (!truncated || request.kind === 'verify-objects') return false;
  const { scanned, removed } = findings.counts;
  const { orphansMax = Number.POSITIVE_INFINITY } = request;
  // One that came nowhere would have the next one come nowhere, too.
  return scanned > 0 && removed < orphansMax;
}

function foundNothing({ request, findings }: SweepReport): boolean {
  const { scanned, removed } = findings.counts;
  return request.kind === 'verify-objects' ? scanned === 0 : removed === 0;
}
