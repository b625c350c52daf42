/** Told of what did not go well at first. */
export interface RetryCounts {
  /** An operation that did not run went to another store, or waits for one. */
  moved(): void;
  /** A read that may have run runs again. */
  repeated(): void;
}
