/** Where an LMDB store lives and how far it may go. All but the directory have a default. */
export interface LmdbOptions {
  /** A directory of the store's own, on a local file system. It is created when missing. */
  readonly directory: string;
  /** Pages in use may take this much. What deletions free counts again at once. */
  readonly sizeBytesMax?: number | undefined;
  /**
   * Writes that need space are refused while less than this is free, on the disk and inside the
   * file together. LMDB never overwrites a page, so even a deletion needs a few free ones first.
   */
  readonly reservedBytes?: number | undefined;
  /** Processes and threads that may have the store open at once. */
  readonly readersMax?: number | undefined;
  /** One commit takes at most this many operations and bytes, though always one operation. */
  readonly batchOperationsMax?: number | undefined;
  readonly batchBytesMax?: number | undefined;
  /** Beyond these an operation is refused instead of queued. */
  readonly queueOperationsMax?: number | undefined;
  readonly queueBytesMax?: number | undefined;
  /**
   * A commit that takes longer leaves its outcome unknown, and what waits for it is refused. To
   * close the store takes no longer either.
   */
  readonly commitMsMax?: number | undefined;
}

export type ResolvedLmdbOptions = {
  readonly [Name in keyof LmdbOptions]-?: NonNullable<LmdbOptions[Name]>;
};

const KiB = 1024;
const MiB = 1024 * KiB;
const GiB = 1024 * MiB;

export const lmdbDefaults = {
  sizeBytesMax: 64 * GiB,
  reservedBytes: 16 * MiB,
  readersMax: 253,
  batchOperationsMax: 1_000,
  batchBytesMax: 16 * MiB,
  queueOperationsMax: 10_000,
  queueBytesMax: 256 * MiB,
  commitMsMax: 30_000,
} as const;

export function resolveLmdbOptions(options: LmdbOptions): ResolvedLmdbOptions {
  return {
    directory: options.directory,
    sizeBytesMax: options.sizeBytesMax ?? lmdbDefaults.sizeBytesMax,
    reservedBytes: options.reservedBytes ?? lmdbDefaults.reservedBytes,
    readersMax: options.readersMax ?? lmdbDefaults.readersMax,
    batchOperationsMax: options.batchOperationsMax ?? lmdbDefaults.batchOperationsMax,
    batchBytesMax: options.batchBytesMax ?? lmdbDefaults.batchBytesMax,
    queueOperationsMax: options.queueOperationsMax ?? lmdbDefaults.queueOperationsMax,
    queueBytesMax: options.queueBytesMax ?? lmdbDefaults.queueBytesMax,
    commitMsMax: options.commitMsMax ?? lmdbDefaults.commitMsMax,
  };
}
