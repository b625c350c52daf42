import type { ServerHttp2Stream } from 'node:http2';

/**
 * How much of a message is handed to the stream at a time. A caller who takes this much in the time
 * of the stall rule, 2 KiB a second, is seen to move.
 */
export const partBytes = 64 * 1_024;

/**
 * Hands large writes to the stream in parts, and tells of each that has left.
 *
 * Nothing else shows whether a slow reader takes some of a large message: HTTP/2 streams of Node.js
 * report writes when all of them are gone. Taking several writes at once is switched off for the
 * stream, because it would make one of its parts again.
 */
export function paceWrites(stream: ServerHttp2Stream, moved: () => void): void {
  const write = stream.write.bind(stream);
  const paced = (bytes: Buffer, callback: (error?: Error | null) => void): boolean => {
    let at = 0;
    for (; at + partBytes < bytes.length; at += partBytes) {
      write(bytes.subarray(at, at + partBytes), moved);
    }
    return write(bytes.subarray(at), callback);
  };
  Object.defineProperty(stream, '_writev', { value: undefined });
  Object.defineProperty(stream, 'write', { value: paced });
}
