/** Everything a peer could otherwise have without end. */
export interface ServerLimits {
  /** The largest message, sent or received. */
  readonly messageBytesMax: number;
  /** All of a call's metadata. */
  readonly metadataBytesMax: number;
  readonly connectionsMax: number;
  readonly streamsPerConnectionMax: number;
  /** What a caller may send on one stream before the handler has read any of it. */
  readonly streamWindowBytes: number;
  /** What a caller may have under way on one connection. */
  readonly connectionWindowBytes: number;
  /** New streams are refused while a connection's own buffers take up more. */
  readonly sessionMemoryMiB: number;
  /** A stream on which no byte moves for this long while the server waits for the caller ends. */
  readonly stallMsMax: number;
  /** For an ended stream to take its last bytes, before it is reset. */
  readonly lingerMsMax: number;
  /** For a unary call whose caller set no deadline. */
  readonly unaryDeadlineMs: number;
  readonly keepaliveMs: number;
  readonly keepaliveTimeoutMs: number;
  /** A connection without streams is closed after this long. */
  readonly idleMsMax: number;
  /** After this long (give or take a tenth) a connection takes no new streams. */
  readonly ageMsMax: number;
  /**
   * How long the streams of a connection past its age may go on. Generous, because a payload of
   * 5 TiB takes its time and a stream that does not move ends anyway.
   */
  readonly ageGraceMsMax: number;
  /** For a TLS handshake to complete. */
  readonly handshakeMsMax: number;
  /** How often the files of certificates are looked at. */
  readonly certificateCheckMs: number;
}

const second = 1_000;
const minute = 60 * second;
const mebibyte = 1_024 * 1_024;

export const serverLimitDefaults: ServerLimits = {
  messageBytesMax: 2 * mebibyte,
  metadataBytesMax: 8 * 1_024,
  connectionsMax: 1_000,
  streamsPerConnectionMax: 256,
  streamWindowBytes: mebibyte,
  connectionWindowBytes: 64 * mebibyte,
  sessionMemoryMiB: 64,
  stallMsMax: 30 * second,
  lingerMsMax: 5 * second,
  unaryDeadlineMs: 30 * second,
  keepaliveMs: 30 * second,
  keepaliveTimeoutMs: 10 * second,
  idleMsMax: 5 * minute,
  ageMsMax: 30 * minute,
  ageGraceMsMax: 24 * 60 * minute,
  handshakeMsMax: 10 * second,
  certificateCheckMs: 10 * second,
};
