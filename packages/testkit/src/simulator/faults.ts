import { DomainError } from '@holdfast/domain';

/**
 * What may happen to a call of the engine at one of its await points.
 *
 * | fault | effect | the engine sees |
 * | `unavailable` `full` | none | an error that says so |
 * | `lost-request` | none | no answer |
 * | `lost-reply` | at once | no answer |
 * | `late` | later, or never | no answer |
 * | `torn` | a fragment that is no blob | an error |
 * | `stale` | none | an older state of the listing |
 * | `caller-gone` | none | the caller's stream breaks |
 * | `lost-job` | none | success: the queue forgets what it took |
 * | `crash-before` `crash-after` | none, at once | nothing: the process is gone |
 * | `crash-late` | later, or never | nothing: the process is gone |
 *
 * A paused process needs no fault: the scheduler simply does not let it go on. Where another
 * process got between a call's sending and its landing, the call counts as `overtaken`.
 */
export type Fault =
  | 'unavailable'
  | 'full'
  | 'lost-request'
  | 'lost-reply'
  | 'late'
  | 'torn'
  | 'stale'
  | 'caller-gone'
  | 'lost-job'
  | 'crash-before'
  | 'crash-after'
  | 'crash-late';

const readFaults: readonly Fault[] = ['unavailable', 'crash-before'];
const writeFaults: readonly Fault[] = [
  'unavailable',
  'full',
  'lost-request',
  'lost-reply',
  'late',
  'crash-before',
  'crash-after',
  'crash-late',
];

const ledgerFaults = writeFaults.filter((fault) => fault !== 'full');

/** Every call that the engine or a sweep can wait for, and what may happen to it. */
export const faultsByMethod = {
  'source.next': ['caller-gone', 'crash-before'],
  'highVolume.read': readFaults,
  'highVolume.readHead': readFaults,
  'highVolume.putInline': writeFaults,
  'highVolume.deleteInline': writeFaults,
  'highVolume.begin': writeFaults,
  'highVolume.commit': writeFaults,
  'highVolume.fence': writeFaults,
  'highVolume.extend': writeFaults,
  'highVolume.list': readFaults,
  'highVolume.listRows': readFaults,
  'longTerm.create': [...writeFaults, 'torn'],
  'longTerm.read': readFaults,
  'longTerm.head': readFaults,
  'longTerm.remove': writeFaults,
  'longTerm.extend': writeFaults,
  'longTerm.list': [...readFaults, 'stale'],
  'changeLog.record': writeFaults,
  'changeLog.remove': writeFaults,
  'changeLog.get': readFaults,
  'changeLog.defer': writeFaults,
  'changeLog.list': readFaults,
  'cleanupQueue.enqueue': ['unavailable', 'lost-reply', 'lost-job', 'crash-before', 'crash-after'],
  'cleanupJobs.states': readFaults,
  'sweepLedger.begin': ledgerFaults,
  'sweepLedger.note': ledgerFaults,
  'sweepLedger.end': ledgerFaults,
  'sweepLedger.report': readFaults,
} as const satisfies Record<string, readonly Fault[]>;

export type PortMethod = keyof typeof faultsByMethod;

export function isCrash(fault: Fault): boolean {
  return fault === 'crash-before' || fault === 'crash-after' || fault === 'crash-late';
}

const readMethods: ReadonlySet<PortMethod> = new Set<PortMethod>([
  'source.next',
  'highVolume.read',
  'highVolume.readHead',
  'highVolume.list',
  'highVolume.listRows',
  'longTerm.read',
  'longTerm.head',
  'longTerm.list',
  'changeLog.get',
  'changeLog.list',
  'cleanupJobs.states',
  'sweepLedger.report',
]);

export function isWrite(method: PortMethod): boolean {
  return !readMethods.has(method);
}

/** What the engine sees of a fault. */
export function errorOf(fault: Fault): Error {
  switch (fault) {
    case 'unavailable':
    case 'torn':
      return new DomainError({ code: 'TIER_UNAVAILABLE', tier: 'a store', why: 'simulated' });
    case 'full':
      return new DomainError({ code: 'STORAGE_FULL', tier: 'a store' });
    case 'lost-request':
    case 'lost-reply':
    case 'late':
      return new DomainError({ code: 'OUTCOME_UNKNOWN' });
    case 'caller-gone':
      return new DomainError({ code: 'CANCELLED' });
    case 'stale':
    case 'lost-job':
    case 'crash-before':
    case 'crash-after':
    case 'crash-late':
      return new Error(`${fault} answers no error`);
  }
}
