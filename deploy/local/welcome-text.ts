import { host, type Ports } from './ports.js';
import type { DataFolder } from './data-folder.js';
import { defaultPort } from './command-line.js';
import type { RedisPlan } from './redis/plan-redis.js';

/** Of the cleanup worker's HTTP address. */
const dashboardPath = '/queues';

/** What somebody who has just started it wants to know: where it is, and what to do now. */
export function welcomeText(ports: Ports, folder: DataFolder, redis: RedisPlan): string {
  const address = `${host}:${ports.gateway}`;
  const target = ports.gateway === defaultPort ? '' : ` --address ${address}`;
  return `
Holdfast runs, and keeps its data in ${folder.path}

  gateway         gRPC ${address}   http://${host}:${ports.gatewayHttp}/metrics
  tiered-store    gRPC ${host}:${ports.tieredStore}   http://${host}:${ports.tieredStoreHttp}/metrics
  cleanup-worker  gRPC ${host}:${ports.cleanupWorker}   http://${host}:${ports.cleanupWorkerHttp}/metrics
  sweeper         gRPC ${host}:${ports.sweeper}   http://${host}:${ports.sweeperHttp}/metrics
  redis           ${redisText(ports, redis)}

What is cleaned up and swept, and what cannot be, is on the dashboard:

  http://${host}:${ports.cleanupWorkerHttp}${dashboardPath}

Try it in another terminal, in this folder:

  echo 'Hello, Holdfast!' | npx holdfast put${target} - demo:hello
  npx holdfast get${target} demo:hello

Ctrl-C stops it.
`;
}

/** Without a URL: it may have a password in it. */
function redisText(ports: Ports, redis: RedisPlan): string {
  return redis.kind === 'own' ? `${host}:${ports.redis}` : 'the one that was given';
}
