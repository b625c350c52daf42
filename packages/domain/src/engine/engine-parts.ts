import type { ChangeLog } from '../ports/change-log.js';
import type { Checksum } from '../ports/checksum.js';
import type { CleanupProducer } from '../ports/cleanup-queue.js';
import type { Clock } from '../ports/clock.js';
import type { HighVolumeTier } from '../ports/high-volume-tier.js';
import type { Ids } from '../ports/ids.js';
import type { LongTermTier } from '../ports/long-term-tier.js';
import type { Observer } from '../ports/observer.js';
import type { BlobSizes } from '../reclaim/blob-sizes.js';
import type { Background } from './background.js';

/** What the engine is built on. */
export interface EngineDependencies {
  readonly highVolume: HighVolumeTier;
  readonly longTerm: LongTermTier;
  readonly changeLog: ChangeLog;
  readonly cleanupQueue: CleanupProducer;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly checksum: Checksum;
  readonly observer: Observer;
}

export interface EngineOptions {
  readonly inlineThresholdBytes: number;
  /** One object of more bytes is refused while it is being uploaded. */
  readonly objectBytesMax: number;
  /** How long a replaced blob stays for the downloads that have begun. */
  readonly readerGraceMs: number;
  /** How long a writer that shows no progress is presumed to be at work. */
  readonly changeDeadlineMs: number;
  readonly backgroundTasksMax: number;
  readonly enqueuesMax: number;
}

/** What every use case is handed. */
export interface EngineParts extends EngineDependencies {
  readonly options: EngineOptions;
  readonly background: Background;
  /** Jobs on their way to the queue. A slow queue takes no room from the other tasks. */
  readonly enqueues: Background;
  readonly blobSizes: BlobSizes;
}
