/** A part of a payload, and the message that carries it: these bytes with a few before them. */
export interface PayloadChunk {
  readonly bytes: Uint8Array;
  readonly message: Buffer;
}

/** Where a payload comes from that is too large to travel within a batch. */
export interface PayloadSource {
  /** What is known of it beforehand, for who watches the progress. */
  readonly size: number | undefined;
  /** Whether `chunks` would still answer all of it. */
  isRepeatable(): boolean;
  /** The payload from its beginning, in chunks of 256 KiB. The last one may be shorter. */
  chunks(): AsyncIterator<PayloadChunk, undefined>;
  /** Lets go of what the payload comes from. */
  close(): void;
}

/** What there is to send: bytes at hand, or something to read from. */
export type Payload =
  | { readonly kind: 'small'; readonly bytes: Uint8Array }
  | { readonly kind: 'large'; readonly source: PayloadSource };
