import { Cluster, Redis, type RedisOptions as ClientOptions } from 'ioredis';
import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import type { RedisOptions, RedisTlsOptions } from './redis-options.js';
import { createReconnecting, reconnectDelayMs } from './reconnect-redis.js';
import { checkRedisPrefix, parseRedisUrl, type RedisAddress } from './redis-url.js';

export type RedisClient = Redis | Cluster;

/** How a client behaves while Redis is away. All but `once` go on trying to reach it for ever. */
export type ConnectionManner =
  /** What is asked fails at once. */
  | { readonly kind: 'hasty'; readonly answerMsMax: number }
  /** What is asked waits until Redis is back, and is asked again when the answer was lost. */
  | { readonly kind: 'patient'; readonly name?: string }
  /** It connects once, and never again. */
  | { readonly kind: 'once'; readonly answerMsMax: number };

const connectMsMax = 5_000;
/** Longer than any command that waits for a job. */
const silenceMsMax = 20_000;
const redirectionsMaxOfHasty = 3;
/** What a hasty client has given up is not waited for any longer when its connection ends. */
const hastyEndMsMax = 50;

/**
 * Begins to connect. A client reports through its events; somebody has to listen to them. Throws for a
 * URL, a prefix or a file that is wrong.
 */
export function connectRedis(redis: RedisOptions, manner: ConnectionManner): RedisClient {
  const address = parseRedisUrl(redis.url);
  const problem = checkRedisPrefix(redis.prefix, redis.url);
  if (problem !== undefined) throw new Error(`the prefix of the Redis keys must be ${problem}`);
  const access = accessOptions(address, redis.tls);
  if (address.kind === 'cluster') {
    return connectCluster(address, { ...clientOptions(manner), ...access }, manner);
  }
  const client: Redis = new Redis({
    // Why the connection ends then.
    ...clientOptions(manner, (error) => client.emit('error', error)),
    ...access,
    ...serverOptions(address, access.tls, manner),
  });
  return client;
}

type Options = Omit<ClientOptions, 'replyMapping'>;

function clientOptions(manner: ConnectionManner, refused?: (error: Error) => void): Options {
  const common = {
    connectTimeout: connectMsMax,
    // It tells the server which library this is, for which a user needs further rights.
    disableClientInfo: true,
    ...createReconnecting(manner.kind === 'patient', refused),
  } as const;
  if (manner.kind === 'patient') {
    return {
      ...common,
      maxRetriesPerRequest: null,
      socketTimeout: silenceMsMax,
      ...(manner.name === undefined ? {} : { connectionName: manner.name }),
    };
  }
  return {
    ...common,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    socketTimeout: manner.answerMsMax,
    disconnectTimeout: hastyEndMsMax,
    ...(manner.kind === 'once' ? { retryStrategy: () => null } : {}),
  };
}

function accessOptions(
  { isTls, username, password, database }: RedisAddress,
  tls: RedisTlsOptions | undefined,
): Options {
  return {
    db: database,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(isTls ? { tls: tlsOptions(tls) } : {}),
  };
}

function tlsOptions(tls: RedisTlsOptions | undefined): ConnectionOptions {
  return {
    ...(tls?.caFile === undefined ? {} : { ca: readFileSync(tls.caFile) }),
    ...(tls?.certificateFile === undefined ? {} : { cert: readFileSync(tls.certificateFile) }),
    ...(tls?.privateKeyFile === undefined ? {} : { key: readFileSync(tls.privateKeyFile) }),
  };
}

function serverOptions(
  { kind, nodes, masterName, sentinelUsername, sentinelPassword }: RedisAddress,
  tls: ConnectionOptions | undefined,
  manner: ConnectionManner,
): Options {
  const [first = { host: 'localhost', port: 0 }] = nodes;
  if (kind !== 'sentinel' || masterName === undefined) return first;
  return {
    sentinels: [...nodes],
    name: masterName,
    sentinelRetryStrategy: manner.kind === 'once' ? () => null : reconnectDelayMs,
    sentinelCommandTimeout: connectMsMax,
    ...(sentinelUsername === undefined ? {} : { sentinelUsername }),
    ...(sentinelPassword === undefined ? {} : { sentinelPassword }),
    ...(tls === undefined ? {} : { enableTLSForSentinelMode: true, sentinelTLS: tls }),
  };
}

function connectCluster(
  { nodes }: RedisAddress,
  redisOptions: Options,
  manner: ConnectionManner,
): Cluster {
  return new Cluster([...nodes], {
    redisOptions,
    enableOfflineQueue: manner.kind === 'patient',
    clusterRetryStrategy: manner.kind === 'once' ? () => null : reconnectDelayMs,
    // A certificate is for the name of a node, not for its address.
    dnsLookup: (host, callback) => callback(null, host),
    ...(manner.kind === 'patient' ? {} : { maxRedirections: redirectionsMaxOfHasty }),
  });
}
