import type { Clock } from '@holdfast/domain';
import type { QueueReport } from './queue-report.js';

export interface ChangeReport {
  connected(): void;
  disconnected(cause: unknown): void;
  /** Nothing more is told. */
  stop(): void;
}

const windowMs = 60_000;
/** Changes that are told at once, of all within a window. What has come of the others is told at its end. */
const changesMax = 6;

/** Passes on how a connection changes, but not every time of one that comes and goes all the time. */
export function limitChanges(report: QueueReport, clock: Clock): ChangeReport {
  const stopped = new AbortController();
  const { signal } = stopped;
  let told: 'nothing' | 'connected' | 'disconnected' = 'nothing';
  let latest:
    { readonly state: 'connected' | 'disconnected'; readonly cause?: unknown } | undefined;
  let changes = 0;

  function change(next: NonNullable<typeof latest>): void {
    latest = next;
    if (changes < changesMax) tell();
  }

  function tell(): void {
    if (signal.aborted || latest === undefined || latest.state === told) return;
    told = latest.state;
    changes += 1;
    if (changes === 1) void endWindow();
    if (told === 'connected') report.connected();
    else report.disconnected(latest.cause);
  }

  async function endWindow(): Promise<void> {
    await clock.sleep(windowMs, signal);
    changes = 0;
    tell();
  }

  return {
    connected: () => change({ state: 'connected' }),
    disconnected: (cause) => change({ state: 'disconnected', cause }),
    stop: () => stopped.abort(),
  };
}
