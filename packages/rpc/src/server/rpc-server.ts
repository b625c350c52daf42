import type { Clock } from '@holdfast/domain';
import type { CallObserver } from './call-observer.js';
import type { ServerLimits } from './server-limits.js';

/** PEM files. They are looked at again and again: a replaced certificate needs no restart. */
export interface ServerTls {
  readonly certificateFile: string;
  readonly privateKeyFile: string;
  /** Who signs the certificates of clients. With it, a client without such a one is refused. */
  readonly clientCaFile?: string | undefined;
}

export interface RpcServerOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly tls: ServerTls | undefined;
  readonly limits: Partial<ServerLimits>;
}

export interface RpcServerDependencies {
  readonly clock: Clock;
  readonly observer: CallObserver;
  /** Makes a name for a call whose caller gave it none. It is asked for every one: make it cheap. */
  readonly requestIds: () => string;
}

export interface RpcServer {
  readonly address: { readonly host: string; readonly port: number };
  /** What `grpc.health.v1` answers, for every service and for ''. It begins with not serving. */
  setServing(serving: boolean): void;
  /**
   * Ends the server: not serving, no new connections and calls (UNAVAILABLE `SHUTTING_DOWN`), wait
   * for the running calls, cut off the rest, all within `msMax`. Up to a second of it, or half of
   * it, is for the last answers to leave. Answers how many were cut off. Never rejects; a second
   * call answers what the first one answers.
   */
  close(msMax: number): Promise<number>;
  /** Aborts once draining begins: long-lived streams then end by themselves. */
  readonly draining: AbortSignal;
  /** Calls that run, those of health and reflection left out. */
  readonly inFlight: () => number;
  readonly connections: () => number;
}
