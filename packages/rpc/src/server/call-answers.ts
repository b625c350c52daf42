import type { ServerInterceptingCallInterface } from '@grpc/grpc-js';
import type { ServerHttp2Stream } from 'node:http2';
import type { RpcError } from '../status/rpc-error.js';
import { AnswerMetadata, okStatus, statusOf } from './call-status.js';
import { paceWrites, partBytes } from './pace-writes.js';

/** The way back to the caller of one call: metadata before the first message, one status at last. */
export class CallAnswers {
  /** Counts what the caller took of large messages, so that a slow one is seen to move. */
  moves = 0;

  private readonly transport: ServerInterceptingCallInterface;
  private readonly stream: ServerHttp2Stream;
  private readonly requestId: string;
  private hasBegun = false;
  private isPaced = false;

  constructor(
    transport: ServerInterceptingCallInterface,
    stream: ServerHttp2Stream,
    requestId: string,
  ) {
    this.transport = transport;
    this.stream = stream;
    this.requestId = requestId;
  }

  send(bytes: Buffer, sent: () => void): void {
    if (!this.hasBegun) {
      this.hasBegun = true;
      this.transport.sendMetadata(new AnswerMetadata(this.requestId));
    }
    if (bytes.length > partBytes && !this.isPaced) {
      this.isPaced = true;
      paceWrites(this.stream, () => {
        this.moves += 1;
      });
    }
    this.transport.sendMessage(bytes, sent);
  }

  end(error: RpcError | undefined): void {
    const requestId = this.hasBegun ? undefined : this.requestId;
    this.transport.sendStatus(error === undefined ? okStatus : statusOf(error, requestId));
  }
}
