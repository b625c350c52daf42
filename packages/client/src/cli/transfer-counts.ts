/** How many files were stored, and how many bytes are over so far. */
export interface TransferCounts {
  /** A file is on its way. Answers who to tell how far it has come. */
  started(index: number, path: string): (progress: { readonly bytes: number }) => void;
  /** It is stored, with so many bytes, or with none it failed. Answers which file it was. */
  settled(index: number, size: number | undefined): string;
  /** One that never got on its way. */
  failed(): void;
  readonly stored: () => number;
  readonly failures: () => number;
  readonly bytes: () => number;
}

export function createTransferCounts(onProgress: () => void): TransferCounts {
  const underway = new Map<number, { readonly path: string; bytes: number }>();
  let stored = 0;
  let failures = 0;
  let bytes = 0;
  return {
    started(index, path) {
      const file = { path, bytes: 0 };
      underway.set(index, file);
      return (progress) => {
        // An upload that begins again counts from the beginning.
        bytes += progress.bytes - file.bytes;
        file.bytes = progress.bytes;
        onProgress();
      };
    },
    settled(index, size) {
      const file = underway.get(index) ?? { path: '', bytes: 0 };
      underway.delete(index);
      bytes += (size ?? 0) - file.bytes;
      if (size === undefined) failures += 1;
      else stored += 1;
      onProgress();
      return file.path;
    },
    failed() {
      failures += 1;
    },
    stored: () => stored,
    failures: () => failures,
    bytes: () => bytes,
  };
}
