import type { Readable, Writable } from 'node:stream';

/** What the command runs in: a process, or a test. */
export interface Host {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** Someone watches standard error: progress is shown there. */
  readonly isWatched: boolean;
  /** How wide what they watch is. */
  readonly columns: () => number;
  /** How wide the terminal is that shows standard output; missing where none does. */
  readonly outputColumns?: number | undefined;
  /** Aborts when the user has had enough. */
  readonly signal: AbortSignal;
  /** The gateway where no `--address` is given. */
  readonly address: string;
  /** The cleanup worker where no `--cleanup-worker` is given. */
  readonly cleanupWorker: string;
  /** The sweeper where no `--sweeper` is given. */
  readonly sweeper: string;
  /** Where settings of services may stand. */
  readonly env: NodeJS.ProcessEnv;
  readonly version: string;
}
