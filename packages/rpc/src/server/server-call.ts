import {
  Metadata,
  status,
  type ServerInterceptingCall,
  type ServerInterceptingCallInterface,
} from '@grpc/grpc-js';
import { assert } from '@holdfast/domain';
import { constants, type ServerHttp2Stream } from 'node:http2';
import { toRpcError, type RpcError } from '../status/rpc-error.js';
import { CallAnswers } from './call-answers.js';
import type { CallContext } from './call-context.js';
import type { CallHost } from './call-host.js';
import type { CallSpan } from './call-observer.js';
import { CallReader } from './call-reader.js';
import { callerGone, isServerFault, sentError, wrongRequestCount } from './call-status.js';
import { CallWriter } from './call-writer.js';
import { decodeRequest, encodeResponse } from './message-codec.js';
import type { OpenedStream } from './opened-stream.js';
import type { RegisteredMethod } from './registered-method.js';

type Listener = Parameters<ServerInterceptingCall['start']>[0];

const noMetadata = new Metadata();
const nothing = (): void => undefined;

/**
 * One call, from its headers to the end of its stream. It listens to the transport itself: the
 * streams of grpc-js would hold 16 messages each way, and cost as much again as the call.
 *
 * 1. The headers arrive. The observer is told. Uploads and bidi streams go to their handler; the
 *    others wait for their one request first.
 * 2. The handler settles: its answer and the status go out. Or something ends the call before that
 *    (`interrupt`): the status goes out, reader and writer fail, the signal aborts.
 * 3. The observer hears of the end when the handler has settled, also where the caller is long
 *    gone, because until then the call takes up room.
 * 4. The stream closes, and the call leaves the table. The watch resets streams that do not close.
 */
export class ServerCall implements CallContext, Listener {
  readonly method: string;
  readonly requestId: string;
  readonly peer: string;
  readonly internal: boolean;
  readonly stream: ServerHttp2Stream;
  traceparent: string | undefined;
  metadata: Metadata = noMetadata;
  deadline = Infinity;
  /** How the call ended, once it has; undefined for success. */
  error: RpcError | undefined;
  isOver = false;
  /** In the table of calls. */
  place = -1;

  private readonly registered: RegisteredMethod;
  private readonly transport: ServerInterceptingCallInterface;
  private readonly host: CallHost;
  private readonly answers: CallAnswers;
  private span: CallSpan | undefined;
  private reader: CallReader<unknown> | undefined;
  private writer: CallWriter<unknown> | undefined;
  private request: Buffer | undefined;
  private requestHasEnded = false;
  private isServing = false;
  private received = 0;
  private controller: AbortController | undefined;

  constructor(
    registered: RegisteredMethod,
    transport: ServerInterceptingCallInterface,
    opened: OpenedStream,
    host: CallHost,
  ) {
    this.registered = registered;
    this.transport = transport;
    this.host = host;
    this.stream = opened.stream;
    this.method = registered.name;
    this.internal = registered.internal;
    this.peer = opened.peer;
    this.requestId = opened.requestId ?? host.requestIds();
    this.traceparent = opened.traceparent;
    this.answers = new CallAnswers(transport, opened.stream, this.requestId);
  }

  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      if (this.isOver && this.error !== undefined) this.controller.abort(this.error);
    }
    return this.controller.signal;
  }

  /** Grows with what the caller sends and takes. */
  get moves(): number {
    return this.received + this.answers.moves + (this.writer?.sentCount ?? 0);
  }

  /** The call would go on if the caller did its part: the stall rule holds. */
  get waitsForCaller(): boolean {
    if (this.writer?.waiting === true) return true;
    if (this.reader === undefined) return !this.isServing;
    return this.reader.waiting && this.registered.served.stallWhileReading;
  }

  onReceiveMetadata(metadata: Metadata): void {
    const { clock, limits, observer, calls } = this.host;
    const { kind } = this.registered.served;
    this.metadata = metadata;
    this.deadline = Number(this.transport.getDeadline());
    if (kind === 'unary' && this.deadline === Infinity) {
      this.deadline = clock.now() + limits.unaryDeadlineMs;
    }
    const { method, requestId, peer, traceparent } = this;
    this.span = observer.started({ method, kind, requestId, peer, traceparent });
    this.traceparent = this.span.traceparent ?? traceparent;
    calls.opened(this);
    if (kind === 'upload' || kind === 'bidi') void this.serve();
    else this.transport.startRead();
  }

  onReceiveMessage(message: Buffer): void {
    this.received += 1;
    if (this.reader !== undefined) return this.reader.received(message);
    if (this.request !== undefined) return this.interrupt(wrongRequestCount());
    this.request = message;
    this.transport.startRead();
  }

  onReceiveHalfClose(): void {
    this.requestHasEnded = true;
    // A lost connection ends what was sent over it too; that it was lost follows.
    if (this.isOver || this.stream.closed || this.stream.destroyed) return;
    if (this.reader !== undefined) this.reader.ended();
    else if (this.request === undefined) this.interrupt(wrongRequestCount());
    else void this.serve();
  }

  /** The caller is gone, the deadline has passed, or all of the answer has left. */
  onCancel(): void {
    if (!this.isOver) {
      this.stop(sentError(this.stream) ?? callerGone(this.host.clock.now(), this.deadline));
    }
    // A caller stops sending when it is told that nobody reads it, after the status has left.
    if (!this.requestHasEnded) setImmediate(() => this.stream.close(constants.NGHTTP2_NO_ERROR));
    this.host.calls.closed(this);
  }

  /** Ends the call for its caller and its handler. */
  interrupt(error: RpcError): void {
    if (this.isOver) return;
    this.answers.end(error);
    this.stop(error);
  }

  /** Ends the call also for the observer, whatever its handler does. */
  abandon(error: RpcError): void {
    this.interrupt(error);
    this.settle(undefined);
  }

  private stop(error: RpcError): void {
    this.isOver = true;
    this.error = error;
    this.reader?.failed(error);
    this.writer?.failed(error);
    this.controller?.abort(error);
    if (!this.isServing) this.settle(undefined);
  }

  private async serve(): Promise<void> {
    this.isServing = true;
    let fault: RpcError | undefined;
    try {
      await this.handle();
    } catch (error) {
      fault = toRpcError(error);
    }
    this.finish(fault);
    this.reader?.ended();
    this.writer?.ended();
    this.settle(fault);
  }

  private async handle(): Promise<void> {
    const { served } = this.registered;
    switch (served.kind) {
      case 'unary':
        return this.answer(await served.handler(this.decodedRequest(), this));
      case 'upload':
        return this.answer(await served.handler(this.openReader(), this));
      case 'download': {
        const writer = this.openWriter();
        await served.handler(this.decodedRequest(), writer, this);
        return writer.flushed();
      }
      case 'bidi': {
        const writer = this.openWriter();
        await served.handler(this.openReader(), writer, this);
        return writer.flushed();
      }
    }
  }

  private answer(value: unknown): void {
    if (!this.isOver) this.send(value, nothing);
  }

  private send(value: unknown, sent: () => void): void {
    const { served } = this.registered;
    const { messageBytesMax } = this.host.limits;
    this.answers.send(encodeResponse(served.method, value, messageBytesMax), sent);
  }

  private finish(error: RpcError | undefined): void {
    if (this.isOver) return;
    this.isOver = true;
    this.error = error;
    this.answers.end(error);
  }

  /** A handler's fault is worth knowing also where its caller did not wait for it. */
  private settle(fault: RpcError | undefined): void {
    const { span } = this;
    if (span === undefined) return;
    this.span = undefined;
    this.host.calls.settled(this);
    span.ended(this.error?.code ?? status.OK, isServerFault(fault) ? fault : this.error);
  }

  private decodedRequest(): unknown {
    const { request } = this;
    assert(request !== undefined, 'a handler starts when its request is there');
    this.request = undefined;
    return decodeRequest(this.registered.served.method, request);
  }

  private openReader(): CallReader<unknown> {
    const { method } = this.registered.served;
    this.reader = new CallReader(this.transport, (bytes) => decodeRequest(method, bytes));
    return this.reader;
  }

  private openWriter(): CallWriter<unknown> {
    this.writer = new CallWriter((value, sent) => {
      this.send(value, sent);
    });
    return this.writer;
  }
}
