import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CertificateFiles } from './certificates.js';

export interface RedisServerOptions {
  /** Missing: a free one. */
  readonly port?: number | undefined;
  /** Default: every second to the append-only file. `none` forgets everything when it ends. */
  readonly persistence?: 'aof' | 'rdb' | 'none' | undefined;
  readonly evictionPolicy?: string | undefined;
  /** Speaks TLS only, and asks clients for a certificate of the same authority. */
  readonly tls?: RedisServerTls | undefined;
  /**
   * Rules as an ACL file has them, without `user` in front: `holdfast on >password ~* +@all`. With
   * them nobody gets in without a name, and `admin` may do everything.
   */
  readonly users?: readonly string[] | undefined;
  /** As a node of a Redis Cluster, which has no slots yet. */
  readonly isClusterNode?: boolean | undefined;
  /** The primary that it copies. */
  readonly replicaOf?: { readonly port: number } | undefined;
  /** Further settings: `{ 'maxmemory': '10mb' }`. */
  readonly settings?: Readonly<Record<string, string>> | undefined;
}

export interface RedisServerTls extends CertificateFiles {
  readonly caFile: string;
  /** What the test itself comes with. */
  readonly client: CertificateFiles;
}

export interface RedisPorts {
  readonly port: number;
  readonly busPort: number;
}

export const adminUser = { name: 'admin', password: 'of-all' } as const;

/** The command line of a server that keeps everything in `folder`. */
export async function redisArguments(
  folder: string,
  { port, busPort }: RedisPorts,
  options: RedisServerOptions,
): Promise<readonly string[]> {
  const settings = {
    bind: '127.0.0.1',
    dir: folder,
    logfile: join(folder, 'redis.log'),
    'maxmemory-policy': options.evictionPolicy ?? 'noeviction',
    ...persistenceSettings(options.persistence ?? 'aof'),
    ...listenSettings(port, options.tls),
    ...(await userSettings(folder, options.users)),
    ...clusterSettings(busPort, options.isClusterNode),
    ...replicaSettings(options.replicaOf),
    ...options.settings,
  };
  return Object.entries(settings).flatMap(([name, value]) => [`--${name}`, ...value.split(' ')]);
}

type Settings = Readonly<Record<string, string>>;

function persistenceSettings(persistence: 'aof' | 'rdb' | 'none'): Settings {
  if (persistence === 'aof') return { appendonly: 'yes', appendfsync: 'everysec', save: '' };
  return { appendonly: 'no', save: persistence === 'rdb' ? '3600 1' : '' };
}

function listenSettings(port: number, tls: RedisServerTls | undefined): Settings {
  if (tls === undefined) return { port: String(port) };
  return {
    port: '0',
    'tls-port': String(port),
    'tls-ca-cert-file': tls.caFile,
    'tls-cert-file': tls.certificateFile,
    'tls-key-file': tls.privateKeyFile,
  };
}

function clusterSettings(busPort: number, isClusterNode = false): Settings {
  if (!isClusterNode) return {};
  return {
    'cluster-enabled': 'yes',
    'cluster-port': String(busPort),
    'cluster-node-timeout': '2000',
  };
}

function replicaSettings(replicaOf: { readonly port: number } | undefined): Settings {
  // Without the wait for further replicas a test gets its copy at once.
  const soon = { 'repl-diskless-sync-delay': '0' };
  return replicaOf === undefined ? soon : { ...soon, replicaof: `127.0.0.1 ${replicaOf.port}` };
}

async function userSettings(
  folder: string,
  users: readonly string[] | undefined,
): Promise<Settings> {
  if (users === undefined) return {};
  const admin = `${adminUser.name} on >${adminUser.password} ~* &* +@all`;
  const rules = ['default off', admin, ...users].map((rule) => `user ${rule}\n`);
  const aclfile = join(folder, 'users.acl');
  await writeFile(aclfile, rules.join(''), { mode: 0o600 });
  return { aclfile };
}
