import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { ApiError, documentedError } from './api-error.js';
import { bodyUnderFault, ConnectionCut, type Faults } from './faults.js';
import type { Call, GcsState } from './gcs-state.js';
import type { GcsFaultAction } from './gcs-types.js';
import { errorReply, sendReply, type BodyLimit, type Reply } from './reply.js';
import { handleCall } from './request-handlers.js';
import type { LoggedRequest, RequestLog } from './request-log.js';
import { parseRequest } from './request-parse.js';

export interface RequestFlow {
  readonly state: GcsState;
  readonly faults: Faults;
  readonly log: RequestLog;
  /** Ends waits of faults. */
  readonly closing: AbortSignal;
  apiEndpoint(): string;
}

/**
 * A request from its first byte to its last:
 *
 * 1. What it asks for is told by its method, path and headers, and it is written down.
 * 2. A fault may strike: in place of it, in the middle of it, or in place of its answer.
 * 3. It is done, and its answer written as fast as it is read.
 */
export async function serveRequest(
  flow: RequestFlow,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  // Once its body is left in the middle, a request no longer knows its socket.
  const { method = '', url = '', socket } = request;
  const { authorization } = request.headers;
  const logged = flow.log.add({ method, path: url, authorization });
  // Whom it was written to may have gone.
  response.on('error', () => undefined);
  const call = describeCall(flow, request, socket, logged);
  if (call instanceof ApiError) return answer(flow, response, logged, errorReply(call));
  const { fault } = call;
  if (fault !== undefined && 'stall' in fault && fault.stall === 'before') return;
  if (fault !== undefined && 'delayMs' in fault) await delay(fault.delayMs, flow.closing);
  if (flow.closing.aborted) return;
  const reply = await replyTo(call);
  if (reply === undefined || loses(fault)) {
    if (!hangs(fault)) socket.destroy();
    return;
  }
  await answer(flow, response, logged, reply, call);
  await drain(request);
}

/** An answer may come before the end of a body, whose sender could not end it if nobody read it. */
async function drain(request: IncomingMessage): Promise<void> {
  if (!request.readableDidRead || request.readableEnded || request.destroyed) return;
  try {
    for await (const _ of request);
  } catch (error) {
    brokenOff(error);
  }
}

function describeCall(
  flow: RequestFlow,
  request: IncomingMessage,
  socket: Socket,
  logged: LoggedRequest,
): Call | ApiError {
  const { method = '', url = '', headers } = request;
  try {
    const parsed = parseRequest(method, url, headers);
    logged.is(parsed.kind);
    const fault = flow.faults.strike(parsed.kind);
    const body = bodyUnderFault(request, fault, () => socket.destroy());
    return { ...parsed, state: flow.state, url, apiEndpoint: flow.apiEndpoint(), body, fault };
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
}

/** `undefined` if the connection ended in the middle of the request. */
async function replyTo(call: Call): Promise<Reply | undefined> {
  const { fault } = call;
  try {
    if (fault !== undefined && 'status' in fault) {
      throw documentedError(fault.status, fault.retryAfter);
    }
    return await handleCall(call);
  } catch (error) {
    return error instanceof ApiError ? errorReply(error) : brokenOff(error);
  }
}

function brokenOff(error: unknown): undefined {
  if (error instanceof ConnectionCut) return;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code !== 'ECONNRESET' && code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
}

/** The server did what was asked, and no answer comes of it. */
function loses(fault: GcsFaultAction | undefined): boolean {
  return hangs(fault) || (fault !== undefined && 'loseReply' in fault);
}

function hangs(fault: GcsFaultAction | undefined): boolean {
  return fault !== undefined && 'stall' in fault;
}

async function answer(
  { state }: RequestFlow,
  response: ServerResponse,
  logged: LoggedRequest,
  reply: Reply,
  call?: Call,
): Promise<void> {
  const isRead = call?.kind === 'media' && reply.status < 300;
  logged.answered(reply.status);
  if (isRead) state.openReads += 1;
  try {
    await sendReply(response, reply, limitOf(call?.fault));
  } catch {
    // Only reading what is stored can fail, such as what is said to be gzip and is not.
    response.destroy();
  } finally {
    if (isRead) state.openReads -= 1;
  }
}

function limitOf(fault: GcsFaultAction | undefined): BodyLimit | undefined {
  if (fault === undefined) return undefined;
  if ('cutAfterResponseBytes' in fault) return { bytes: fault.cutAfterResponseBytes, end: 'cut' };
  if ('stallAfterResponseBytes' in fault) {
    return { bytes: fault.stallAfterResponseBytes, end: 'stall' };
  }
  return undefined;
}

async function delay(milliseconds: number, closing: AbortSignal): Promise<void> {
  // Who closes the server ends the connection as well.
  await pause(milliseconds, undefined, { signal: closing }).catch(() => undefined);
}
