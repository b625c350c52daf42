/** What a queue tells about itself, for the log. It calls none of these twice for the same change. */
export interface QueueReport {
  connected(): void;
  /** It goes on trying to connect by itself. */
  disconnected(cause: unknown): void;
  /** Something went wrong that no caller hears of. */
  failed(what: string, cause: unknown): void;
}
