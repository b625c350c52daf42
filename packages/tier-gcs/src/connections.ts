import * as http from 'node:http';
import * as https from 'node:https';
import type { AttemptGuard } from './attempt-guard.js';
import { PassingFailure } from './errors.js';

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With its query, encoded. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Sent piece by piece, and never changed. */
  readonly body?: readonly Uint8Array[] | undefined;
}

export interface Connections {
  /**
   * Sends the request and resolves with the head of its answer. Throws what the guard aborted with,
   * and `PassingFailure` for a connection that could not be had or was lost. The answer's `error`
   * event is listened to for good.
   */
  exchange(request: HttpRequest, guard: AttemptGuard): Promise<http.IncomingMessage>;
  close(): void;
}

/** Idle connections are kept for the next request for so long, and so many of them. */
const idleMsMax = 60_000;
const idleConnectionsMax = 64;

const userAgent = 'holdfast';

/** So much of a body is handed over at once, and then waited for, so that progress can be seen. */
const batchBytes = 256 * 1024;

export function openConnections(endpoint: URL): Connections {
  const isSecure = endpoint.protocol === 'https:';
  const terms = { keepAlive: true, maxFreeSockets: idleConnectionsMax, timeout: idleMsMax };
  const agent = isSecure ? new https.Agent(terms) : new http.Agent(terms);
  const send = isSecure ? https.request : http.request;

  return {
    async exchange({ method, path, headers, body = [] }, guard) {
      guard.signal.throwIfAborted();
      const length = body.reduce((sum, piece) => sum + piece.length, 0);
      const request = send({
        agent,
        method,
        host: endpoint.hostname.replaceAll(/[[\]]/g, ''),
        port: endpoint.port,
        path,
        headers: {
          'user-agent': userAgent,
          ...headers,
          ...(method === 'GET' ? undefined : { 'content-length': length }),
        },
      });
      try {
        return await converse(request, body, guard);
      } catch (error) {
        if (request.reusedSocket && error instanceof PassingFailure) closeIdle(agent);
        throw error;
      }
    },

    close: () => agent.destroy(),
  };
}

/** Where one that was kept turns out to be dead, the others may be so too: all attempts would find one. */
function closeIdle({ freeSockets }: http.Agent): void {
  const idle = Object.values(freeSockets).flatMap((sockets = []) => sockets);
  for (const socket of idle) socket.destroy();
}

async function converse(
  request: http.ClientRequest,
  body: readonly Uint8Array[],
  guard: AttemptGuard,
): Promise<http.IncomingMessage> {
  const onAbort = (): void => void request.destroy();
  guard.signal.addEventListener('abort', onAbort);
  try {
    const answering = headOf(request, body.length > 0);
    // Its failure is thrown by the next `await answering`; until then it is not unhandled.
    answering.catch(() => undefined);
    await Promise.race([sendBody(request, body, guard), answering]);
    const answer = await answering;
    guard.noteProgress();
    return answer;
  } catch (error) {
    request.destroy();
    guard.signal.throwIfAborted();
    throw lostConnection(error);
  } finally {
    guard.signal.removeEventListener('abort', onAbort);
  }
}

function headOf(request: http.ClientRequest, hasBody: boolean): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.on('response', (answer) => {
      answer.on('error', () => undefined);
      const { socket, statusCode = 0 } = answer;
      // Who refuses need not have read the body: what follows on the connection may be taken for it.
      if (hasBody && statusCode >= 400) answer.once('end', () => socket.destroy());
      resolve(answer);
    });
    request.on('error', reject);
    request.on('close', () => reject(new Error('the connection was closed')));
  });
}

async function sendBody(
  request: http.ClientRequest,
  body: readonly Uint8Array[],
  guard: AttemptGuard,
): Promise<void> {
  for (const batch of batchesOf(body)) {
    // One call of the system writes them all, however small they are.
    request.cork();
    const goesOn = batch.reduce((_, piece) => request.write(piece), true);
    request.uncork();
    if (!goesOn && !request.destroyed) await drained(request);
    // The connection was lost, or is of no more use.
    if (request.destroyed) return;
    guard.noteProgress();
  }
  request.end();
}

function* batchesOf(body: readonly Uint8Array[]): Generator<readonly Uint8Array[]> {
  let batch: Uint8Array[] = [];
  let room = batchBytes;
  for (const whole of body) {
    for (let at = 0; at < whole.length;) {
      const piece = whole.subarray(at, at + room);
      batch.push(piece);
      at += piece.length;
      room -= piece.length;
      if (room > 0) continue;
      yield batch;
      batch = [];
      room = batchBytes;
    }
  }
  if (batch.length > 0) yield batch;
}

/** Also when it was closed: nothing can be sent any more then. */
function drained(request: http.ClientRequest): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      request.off('drain', done).off('close', done);
      resolve();
    };
    request.on('drain', done).on('close', done);
  });
}

export function lostConnection(error: unknown): PassingFailure {
  const why = error instanceof Error ? error.message : String(error);
  return new PassingFailure(`the connection failed: ${why}`, { cause: error });
}
