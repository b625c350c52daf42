/** A Redis URL, taken apart. */
export interface RedisAddress {
  readonly kind: 'single' | 'sentinel' | 'cluster';
  readonly isTls: boolean;
  readonly nodes: readonly RedisNode[];
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly database: number;
  /** Of the primary, with Sentinel. */
  readonly masterName?: string | undefined;
  /** Those of the sentinels themselves, where they ask for any. */
  readonly sentinelUsername?: string | undefined;
  readonly sentinelPassword?: string | undefined;
}

export interface RedisNode {
  readonly host: string;
  readonly port: number;
}

const portDefault = 6_379;
const sentinelPortDefault = 26_379;
const portMax = 65_535;
const databaseMax = 1_000_000;
const nodesMax = 100;

const urlText =
  /^(?<scheme>rediss?)(?:\+(?<kind>sentinel|cluster))?:\/\/(?:(?<user>[^:@/?#]*)(?::(?<password>[^@/?#]*))?@)?(?<hosts>[^@/?#]+)(?:\/(?<path>[^?#]*))?(?:\?(?<query>[^#]*))?$/;
const hostText =
  /^(?<host>\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9_])?)(?::(?<port>\d{1,5}))?$/;
const masterNameText = /^[\w.-]{1,128}$/;

/** What is allowed instead of such a URL, without repeating any secret; `undefined` when it is fine. */
export function checkRedisUrl(url: string): string | undefined {
  try {
    parseRedisUrl(url);
    return undefined;
  } catch (error) {
    if (error instanceof RedisUrlError) return error.message;
    throw error;
  }
}

/** The same for the prefix of all keys. Redis Cluster keeps those together that share a hash tag. */
export function checkRedisPrefix(prefix: string, url: string): string | undefined {
  const isCluster = /^rediss?\+cluster:/.test(url);
  if (!isCluster || /\{[^{}]+\}/.test(prefix)) return undefined;
  return 'with Redis Cluster a prefix with a hash tag, such as {holdfast}';
}

/** What the settings of a service are checked by. */
export const redisChecks = { url: checkRedisUrl, prefix: checkRedisPrefix } as const;

/** Says what is allowed, and nothing of what was given. */
class RedisUrlError extends Error {
  override readonly name = 'RedisUrlError';
}

export function parseRedisUrl(url: string): RedisAddress {
  const parts = urlText.exec(url)?.groups;
  if (parts === undefined) {
    throw new RedisUrlError(
      'a URL such as redis://host:6379, rediss://user:password@host:6379/0, redis+sentinel://host:26379,host:26379/master-name or redis+cluster://host:6379,host:6379',
    );
  }
  const kind = kindOf(parts['kind']);
  const nodes = parseNodes(parts['hosts'] ?? '', kind);
  const address = {
    kind,
    isTls: parts['scheme'] === 'rediss',
    nodes,
    username: decoded(parts['user'], 'user name'),
    password: decoded(parts['password'], 'password'),
  };
  const path = parts['path'] ?? '';
  return { ...address, ...parsePath(path, kind), ...parseQuery(parts['query'] ?? '', kind) };
}

function kindOf(text: string | undefined): RedisAddress['kind'] {
  return text === 'sentinel' || text === 'cluster' ? text : 'single';
}

function parseNodes(hosts: string, kind: RedisAddress['kind']): readonly RedisNode[] {
  const texts = hosts.split(',');
  if (kind === 'single' && texts.length > 1) {
    throw new RedisUrlError(
      'a Redis URL of one host; several go with redis+sentinel:// or redis+cluster://',
    );
  }
  if (texts.length > nodesMax) throw new RedisUrlError(`a Redis URL of at most ${nodesMax} hosts`);
  return texts.map((text) => parseNode(text, kind));
}

function parseNode(text: string, kind: RedisAddress['kind']): RedisNode {
  const { host, port } = hostText.exec(text)?.groups ?? {};
  if (host === undefined) {
    throw new RedisUrlError('a Redis URL with hosts such as redis.example.com:6379 or [::1]:6379');
  }
  const number = port === undefined ? defaultPortOf(kind) : Number(port);
  if (number < 1 || number > portMax) {
    throw new RedisUrlError(`a Redis URL with a port from 1 to ${portMax}`);
  }
  return { host: host.replaceAll(/[[\]]/g, ''), port: number };
}

function defaultPortOf(kind: RedisAddress['kind']): number {
  return kind === 'sentinel' ? sentinelPortDefault : portDefault;
}

function parsePath(
  path: string,
  kind: RedisAddress['kind'],
): Pick<RedisAddress, 'database' | 'masterName'> {
  const [first = '', second = '', ...rest] = path.split('/');
  if (kind === 'cluster') {
    if (path === '') return { database: 0 };
    throw new RedisUrlError('a Redis Cluster URL without a path: a cluster has one database');
  }
  if (kind === 'single') {
    if (second === '' && rest.length === 0) return { database: parseDatabase(first) };
    throw new RedisUrlError('a Redis URL with at most a database number after the host');
  }
  if (rest.length === 0 && masterNameText.test(first)) {
    return { masterName: first, database: parseDatabase(second) };
  }
  throw new RedisUrlError(
    'a Sentinel URL with the name of the master after the hosts: redis+sentinel://host:26379/master-name',
  );
}

function parseDatabase(text: string): number {
  if (text === '') return 0;
  if (/^\d{1,7}$/.test(text) && Number(text) <= databaseMax) return Number(text);
  throw new RedisUrlError('a Redis URL with a database that is a number');
}

function parseQuery(
  query: string,
  kind: RedisAddress['kind'],
): Pick<RedisAddress, 'sentinelUsername' | 'sentinelPassword'> {
  if (query === '') return {};
  const given = new URLSearchParams(query);
  const known = new Set(['sentinelUsername', 'sentinelPassword']);
  if (kind !== 'sentinel' || [...given.keys()].some((name) => !known.has(name))) {
    throw new RedisUrlError(
      'a Redis URL without a query, but for sentinelUsername and sentinelPassword of a Sentinel URL',
    );
  }
  return {
    sentinelUsername: given.get('sentinelUsername') ?? undefined,
    sentinelPassword: given.get('sentinelPassword') ?? undefined,
  };
}

function decoded(text: string | undefined, what: string): string | undefined {
  if (text === undefined || text === '') return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    throw new RedisUrlError(`a Redis URL whose ${what} is percent-encoded`);
  }
}
