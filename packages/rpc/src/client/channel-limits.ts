/** Everything a server could otherwise have, or take, without end. */
export interface ChannelLimits {
  /** What a server may send on one stream before any of it was read. */
  readonly windowBytes: number;
  readonly sendBytesMax: number;
  readonly receiveBytesMax: number;
  /** While calls run, a ping this often finds out whether the server is still there. */
  readonly keepaliveMs: number;
  readonly keepaliveTimeoutMs: number;
  /** Waits between attempts to connect: the first, growing to the last. */
  readonly reconnectMsMin: number;
  readonly reconnectMsMax: number;
  /** Between two look-ups of a name. */
  readonly resolveMsMin: number;
  /** How often the files of certificates are looked at. */
  readonly certificateCheckMs: number;
}

const second = 1_000;
const mebibyte = 1_024 * 1_024;

export const channelLimitDefaults: ChannelLimits = {
  windowBytes: mebibyte,
  sendBytesMax: 2 * mebibyte,
  receiveBytesMax: 4 * mebibyte,
  keepaliveMs: 30 * second,
  keepaliveTimeoutMs: 10 * second,
  reconnectMsMin: 100,
  reconnectMsMax: 5 * second,
  resolveMsMin: second,
  certificateCheckMs: 10 * second,
};
