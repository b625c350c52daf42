/** What a request asks for. `unknown` is what the JSON API does not have. */
export type GcsRequestKind =
  | 'insert.multipart'
  | 'insert.media'
  | 'resumable.start'
  | 'resumable.chunk'
  | 'resumable.status'
  | 'resumable.cancel'
  | 'get'
  | 'media'
  | 'delete'
  | 'patch'
  | 'list'
  | 'bucket.get'
  | 'bucket.insert'
  | 'bucket.patch'
  | 'unknown';

export interface RequestRecord {
  readonly method: string;
  readonly kind: GcsRequestKind;
  /** With its query. */
  readonly path: string;
  /** 0 while there is no answer; also when the connection was cut instead of one. */
  readonly status: number;
  /** The header `Authorization`, of which any is accepted. */
  readonly authorization?: string | undefined;
}

interface FaultScope {
  /** Strikes requests of any kind if not given. */
  readonly kind?: GcsRequestKind;
  /** How many requests it strikes, 1 if not given. */
  readonly times?: number;
  /** How many requests of its kind pass before it strikes. */
  readonly after?: number;
}

export type GcsFault = FaultScope & GcsFaultAction;

export type GcsFaultAction =
  /** Answers so, in place of doing anything. */
  | { readonly status: number; readonly retryAfter?: number }
  /**
   * Cuts the connection when so many bytes of the body were read. Nothing of it is stored, unless
   * `keeps`: then a chunk's whole multiples of 256 KiB are.
   */
  | { readonly cutAfterRequestBytes: number; readonly keeps?: boolean }
  /** Stores no more of a chunk that is not the last, as a server may, and answers so. */
  | { readonly keepsOnlyBytes: number }
  /** Cuts the connection when so many bytes of the answer's body were written. */
  | { readonly cutAfterResponseBytes: number }
  /** Does what was asked and cuts the connection in place of an answer. */
  | { readonly loseReply: true }
  /** Never answers until it closes: before it does what was asked, or after. */
  | { readonly stall: 'before' | 'after' }
  /** Stops in the middle of the answer's body until it closes. */
  | { readonly stallAfterResponseBytes: number }
  /** Waits before it does what was asked. */
  | { readonly delayMs: number }
  /** Flips a bit of the payload: of what is stored, or of what a download sends. */
  | { readonly wrongCrc32c: true };

/** A live object as it is stored. */
export interface StoredObject {
  readonly bucket: string;
  readonly name: string;
  readonly generation: string;
  readonly metageneration: string;
  readonly size: number;
  readonly contentType: string;
  readonly contentEncoding?: string | undefined;
  /** Base64 of four bytes, the highest first. */
  readonly crc32c: string;
  readonly md5Hash: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** RFC 3339. */
  readonly customTime?: string | undefined;
  readonly timeCreated: string;
  /** The payload, copied. Zeros if payloads are discarded. */
  content(): Uint8Array;
}

export interface GcsServerOptions {
  readonly clock?: { now(): number };
  /** Counts and checksums payloads and reads zeros in their place. */
  readonly discardPayloads?: boolean;
  /** A free one if not given. */
  readonly port?: number;
  /** Lists give no more than this at once, as a server may, whatever `maxResults` says. */
  readonly listItemsMax?: number;
}

export interface GcsServer {
  /** Such as `http://127.0.0.1:4443`. */
  readonly apiEndpoint: string;
  createBucket(name: string, resource?: Readonly<Record<string, unknown>>): void;
  /** The live objects of a bucket, by their names' UTF-8 bytes. */
  objects(bucket: string): readonly StoredObject[];
  /** How many resumable sessions are open. */
  sessions(): number;
  /** Of each of these, how many bytes it has stored. */
  openUploads(): readonly number[];
  /** How many answers with a payload are under way. */
  openReads(): number;
  requests(): readonly RequestRecord[];
  clearRequests(): void;
  fault(fault: GcsFault): void;
  clearFaults(): void;
  /** Ends what is under way, stalled requests as well. */
  close(): Promise<void>;
}
