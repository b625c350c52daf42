/** The HTTP side of a process: `/metrics`, `/healthz`, `/readyz`, and what routes were given to it. */
export interface HttpEndpoint {
  readonly address: { readonly host: string; readonly port: number };
  /** Answers what is being asked, then ends; for a bounded time. */
  close(): Promise<void>;
}
