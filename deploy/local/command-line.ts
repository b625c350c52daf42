import { parseArgs } from 'node:util';
import { highestOffset } from './ports.js';
import { StartFailure, wrongUsageExitCode } from './start-failure.js';

export interface StartSettings {
  readonly data: string;
  /** The gateway's port; the others follow from it. */
  readonly port: number;
  readonly drainSeconds: number;
  /** Of a Redis that runs somewhere; one is started when it is missing. */
  readonly redisUrl?: string | undefined;
}

export type Command =
  { readonly kind: 'help' } | { readonly kind: 'start'; readonly settings: StartSettings };

export const defaultPort = 7_100;

const defaults: StartSettings = { data: 'data', port: defaultPort, drainSeconds: 25 };
const portMax = 65_535 - highestOffset;
/** The services take no more. */
const drainSecondsMax = 600;

export const helpText = `Runs Holdfast on this machine: Redis, the tiered store, the cleanup worker, the sweeper and the
gateway.

  npm start
  npm start -- --data /srv/holdfast --port 7200

  --data DIR       where everything is stored; made if it is not there (default: ${defaults.data})
  --port N         the gateway's port (default: ${defaults.port}); the others are N+1, N+10, N+11, N+20, N+21,
                   N+30, N+31 and, for Redis, N+40
  --redis URL      a Redis that runs already, such as redis://127.0.0.1:6379, instead of one of our own;
                   the environment's HOLDFAST_QUEUE__URL hides a password better
  --drain SECONDS  how long running calls may go on after Ctrl-C (default: ${defaults.drainSeconds})
  --help           this text

Settings in the environment that begin with HOLDFAST_LOG__ or HOLDFAST_TRACING__ reach all services;
beside a URL, HOLDFAST_QUEUE__PREFIX and HOLDFAST_QUEUE__TLS__... reach those that use Redis.`;

export function parseCommandLine(argv: readonly string[], environment: NodeJS.ProcessEnv): Command {
  const flags = parseFlags(argv);
  if (flags.help === true) return { kind: 'help' };
  const { data = defaults.data } = flags;
  if (data === '') throw wrongUsage('--data needs the name of a folder');
  const port = parseNumber('--port', flags.port, defaults.port, portMax);
  const drainSeconds = parseNumber('--drain', flags.drain, defaults.drainSeconds, drainSecondsMax);
  const redisUrl = parseRedisUrl(flags.redis, environment);
  return { kind: 'start', settings: { data, port, drainSeconds, redisUrl } };
}

interface Flags {
  readonly data?: string;
  readonly port?: string;
  readonly drain?: string;
  readonly redis?: string;
  readonly help?: boolean;
}

function parseFlags(argv: readonly string[]): Flags {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        data: { type: 'string' },
        port: { type: 'string' },
        drain: { type: 'string' },
        redis: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    return values;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw wrongUsage(why.split(/[.\n]/, 1)[0] ?? why);
  }
}

function parseNumber(
  flag: string,
  text: string | undefined,
  fallback: number,
  max: number,
): number {
  if (text === undefined) return fallback;
  const number = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (number >= 1 && number <= max) return number;
  throw wrongUsage(`${flag} is ${JSON.stringify(text)}, it has to be a number from 1 to ${max}`);
}

/** What it has to look like is checked, and told without its password, by the services. */
function parseRedisUrl(
  flag: string | undefined,
  environment: NodeJS.ProcessEnv,
): string | undefined {
  if (flag === '') throw wrongUsage('--redis needs a URL such as redis://127.0.0.1:6379');
  const given = flag ?? environment['HOLDFAST_QUEUE__URL'];
  return given === '' ? undefined : given;
}

function wrongUsage(why: string): StartFailure {
  return new StartFailure(`${why}; --help says what there is`, wrongUsageExitCode);
}
