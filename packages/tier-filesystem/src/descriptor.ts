import { closeSync, fsync, open, read } from 'node:fs';
import { promisify } from 'node:util';

const openDescriptor = promisify(open);

/** Resolves when what was done to the file or directory survives the loss of power. */
export const flushDescriptor = promisify(fsync);

/**
 * Opens what is only looked at or flushed, and closes it when `work` has ended. By its bare number,
 * since a FileHandle costs more than the calls of the system themselves; and closed at once, since on a
 * local disk nothing that was read waits to be written.
 */
export async function withDescriptor<Result>(
  path: string,
  flags: number,
  work: (descriptor: number) => Promise<Result>,
): Promise<Result> {
  const descriptor = await openDescriptor(path, flags);
  try {
    return await work(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** What a file begins with: so many bytes, fewer where it is shorter. */
export async function readUpTo(descriptor: number, length: number): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const bytesRead = await readInto(descriptor, bytes, filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

/** Answers how many bytes were read: from the place in the file that `at` is in `bytes`. */
function readInto(descriptor: number, bytes: Buffer, at: number): Promise<number> {
  return new Promise((resolve, reject) => {
    read(descriptor, bytes, at, bytes.length - at, at, (error, bytesRead) => {
      if (error === null) resolve(bytesRead);
      else reject(error);
    });
  });
}
