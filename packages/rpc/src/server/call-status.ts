import { Metadata, status, type ServerInterceptingCall } from '@grpc/grpc-js';
import type { OutgoingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { rpcError, type RpcError } from '../status/rpc-error.js';
import { detailsTrailer, statusBytes } from '../status/status-details.js';

type Status = Parameters<ServerInterceptingCall['sendStatus']>[0];

const codes: ReadonlyMap<number, status> = new Map(
  Object.values(status)
    .filter((value) => typeof value === 'number')
    .map((code) => [code, code]),
);

export const requestIdHeader = 'x-request-id';

export const okStatus: Status = { code: status.OK, details: 'OK' };

/**
 * The metadata an answer begins with. Every answer has it, so it goes around the checks that
 * metadata from outside would need.
 */
export class AnswerMetadata extends Metadata {
  private readonly requestId: string;

  constructor(requestId: string) {
    super();
    this.requestId = requestId;
  }

  override toHttp2Headers(): OutgoingHttpHeaders {
    // Over grpc-js's own, which says that compressed messages are welcome.
    return { [requestIdHeader]: this.requestId, 'grpc-accept-encoding': 'identity' };
  }
}

/**
 * How a failed call ends. A call that fails before it answered has no other place for its request
 * id than beside the status: with initial metadata of its own, callers' retry policies would take
 * it for answered.
 */
export function statusOf(error: RpcError, requestId: string | undefined): Status {
  const metadata = new Metadata();
  metadata.set(detailsTrailer, statusBytes(error));
  if (requestId !== undefined) metadata.set(requestIdHeader, requestId);
  return { code: error.code, details: error.message, metadata };
}

/** A deadline and the timer that watches it may differ by this much. */
const deadlineSlackMs = 5;

/** Why a call ends whose caller no longer waits for it. */
export function callerGone(now: number, deadline: number): RpcError {
  return now + deadlineSlackMs >= deadline
    ? deadlinePassed()
    : rpcError(status.CANCELLED, 'CANCELLED', 'the caller went away');
}

export function deadlinePassed(): RpcError {
  return rpcError(status.DEADLINE_EXCEEDED, undefined, 'the deadline has passed');
}

/**
 * What grpc-js ended the call with by itself: a passed deadline, a message that is too large or
 * breaks the framing. It tells nobody but the caller.
 */
export function sentError(stream: ServerHttp2Stream): RpcError | undefined {
  const sent = stream.sentTrailers ?? stream.sentHeaders;
  const code = codeIn(sent);
  if (sent === undefined || code === status.OK) return undefined;
  return rpcError(code, undefined, decodeURI(String(sent['grpc-message'])));
}

function codeIn(sent: OutgoingHttpHeaders | undefined): status {
  return codes.get(Number(sent?.['grpc-status'] ?? status.OK)) ?? status.UNKNOWN;
}

/** What failed because it was told to stop is none. */
export function isServerFault(error: RpcError | undefined): boolean {
  if (error?.code !== status.INTERNAL) return false;
  return !(error.cause instanceof Error && error.cause.name === 'AbortError');
}

/** gRPC's own code for it. */
export function wrongRequestCount(): RpcError {
  return rpcError(status.UNIMPLEMENTED, undefined, 'the method takes exactly one request');
}
