import type { Writable } from 'node:stream';

/** Whoever read our output has gone: there is nothing left to do, and nothing to complain about. */
export class OutputClosed extends Error {
  override readonly name = 'OutputClosed';
}

/** Writes that wait for their reader. */
export interface Output {
  write(data: Uint8Array | string): Promise<void>;
}

export function createOutput(stream: Writable): Output {
  // The callback of each write says so too.
  stream.on('error', () => undefined);
  return {
    write: (data) =>
      new Promise((resolve, reject) => {
        stream.write(data, (error) => {
          if (error === undefined || error === null) resolve();
          else reject(isClosed(error) ? new OutputClosed('nobody reads', { cause: error }) : error);
        });
      }),
  };
}

function isClosed(error: NodeJS.ErrnoException): boolean {
  return error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED';
}
