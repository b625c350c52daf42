/** Messages of one direction, pulled one at a time. Reading no further stops the sender: at most one message is held. */
export interface MessageReader<T> extends AsyncIterable<T> {
  /** The next message; done at the regular end. Rejects with RpcError if the call ended otherwise. One call at a time. */
  next(): Promise<IteratorResult<T, undefined>>;
}

export interface MessageWriter<T> {
  /** Resolves once there is room for another message (at most two are in the transport's hands). Rejects when the call is over. */
  write(message: T): Promise<void>;
}
