import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { errorBody, type ApiError } from './api-error.js';

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

export interface BodyLimit {
  readonly bytes: number;
  /** What happens to the connection there. */
  readonly end: 'cut' | 'stall';
}

export function jsonReply(value: unknown, status = 200): Reply {
  const body = Buffer.from(`${JSON.stringify(value, undefined, 2)}\n`);
  const headers = {
    'Content-Type': 'application/json; charset=UTF-8',
    'Content-Length': String(body.length),
  };
  return { status, headers, body: [body] };
}

export function emptyReply(status: number, headers: Readonly<Record<string, string>> = {}): Reply {
  const length: Record<string, string> = status === 204 ? {} : { 'Content-Length': '0' };
  return { status, headers: { ...length, ...headers }, body: [] };
}

export function errorReply(error: ApiError): Reply {
  const { status, details, message } = error;
  if (status === 304) return { status, headers: {}, body: [] };
  const { headers, body } =
    details.plainText === true ? textReply(message) : jsonReply(errorBody(error));
  return { status, headers: { ...headers, ...details.headers }, body };
}

function textReply(message: string): Pick<Reply, 'headers' | 'body'> {
  const body = Buffer.from(message);
  const headers = {
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': String(body.length),
  };
  return { headers, body: [body] };
}

/** Writes no faster than the client reads. Resolves when all is written or the client has left. */
export async function sendReply(
  response: ServerResponse,
  reply: Reply,
  limit?: BodyLimit,
): Promise<'sent' | 'broken'> {
  response.writeHead(reply.status, reply.headers);
  // The head comes whole, also where the body is not to begin.
  if (limit !== undefined) response.flushHeaders();
  let left = limit?.bytes ?? Infinity;
  for await (const chunk of reply.body) {
    if (response.destroyed) return 'broken';
    const part = chunk.length > left ? chunk.subarray(0, left) : chunk;
    left -= part.length;
    await write(response, part);
    if (left === 0) break;
  }
  if (limit !== undefined) return endEarly(response, limit);
  response.end();
  return response.destroyed ? 'broken' : 'sent';
}

async function write(response: ServerResponse, part: Uint8Array): Promise<void> {
  if (part.length === 0 || response.write(part)) return;
  await drained(response);
}

async function drained(response: ServerResponse): Promise<void> {
  if (response.destroyed || !response.writableNeedDrain) return;
  const settled = new AbortController();
  const { signal } = settled;
  try {
    await Promise.race([once(response, 'drain', { signal }), once(response, 'close', { signal })]);
  } finally {
    settled.abort();
  }
}

/** What was written so far reaches the client before the connection ends. */
async function endEarly(response: ServerResponse, limit: BodyLimit): Promise<'broken'> {
  if (limit.end === 'stall') {
    if (!response.destroyed) await once(response, 'close');
    return 'broken';
  }
  const socket = response.socket;
  if (socket !== null) await new Promise<void>((resolve) => socket.end(resolve));
  socket?.destroy();
  return 'broken';
}
