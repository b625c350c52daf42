/** Where Redis is. */
export interface RedisOptions {
  /**
   * `redis://[user:password@]host:port[/db]`, `rediss://` for TLS. Sentinel:
   * `redis+sentinel://host:port,host:port/master-name[/db]`; Cluster:
   * `redis+cluster://host:port,host:port`; both with `rediss+` for TLS.
   */
  readonly url: string;
  readonly tls?: RedisTlsOptions | undefined;
  /** All keys begin with it. With Redis Cluster it needs a hash tag, as in `{holdfast}`. */
  readonly prefix: string;
}

/** PEM files. Without a CA file the authorities of the system are trusted. */
export interface RedisTlsOptions {
  readonly caFile?: string | undefined;
  readonly certificateFile?: string | undefined;
  readonly privateKeyFile?: string | undefined;
}

export const redisPrefixDefault = '{holdfast}';
