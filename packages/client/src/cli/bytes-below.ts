import { filesBelow } from './files-below.js';

/** How many bytes there are below a directory, found out while it is already being stored. */
export interface BytesBelow {
  /** Missing as long as it is not known. */
  readonly bytes: () => number | undefined;
  stop(): void;
}

export function bytesBelow(directory: string, isWanted: boolean): BytesBelow {
  let isStopped = !isWanted;
  let total: number | undefined;
  const count = async (): Promise<void> => {
    let bytes = 0;
    for await (const found of filesBelow(directory)) {
      if (isStopped) return;
      if (found.kind === 'file') bytes += found.size;
    }
    total = bytes;
  };
  // Who stores the directory says why it cannot be read.
  if (isWanted) count().catch(() => undefined);
  return {
    bytes: () => total,
    stop() {
      isStopped = true;
    },
  };
}
