/*
 * What `npm start` runs: Redis, the tiered store, the cleanup worker, the sweeper and the gateway, as
 * processes on this machine.
 *
 * 1. The data folder can be written to and is nobody else's, the ports are free, there is a Redis to
 *    run or a URL of one, or it ends here with one line each. A Redis that a killed start has left on
 *    this data is ended.
 * 2. Redis starts, then the tiered store, the cleanup worker, the sweeper and the gateway; each has to
 *    become ready in time.
 * 3. It prints where they are and a command to try.
 * 4. Ctrl-C, SIGTERM, or the end of one of them: the gateway drains, then the sweeper, the cleanup worker
 *    and the tiered store; Redis saves its data last. Redis that dies is started again, a number of times.
 */
import { helpText, parseCommandLine, type StartSettings } from './command-line.js';
import { prepareFolder, type DataFolder } from './data-folder.js';
import { lockFolder } from './folder-lock.js';
import { portsFrom, requireFreePorts } from './ports.js';
import { endLeftover } from './redis/end-leftover.js';
import { prepareRedis } from './redis/prepare-redis.js';
import { runServices } from './run-services.js';
import { planServices } from './service-plan.js';
import { StartFailure } from './start-failure.js';
import { watchForStop } from './stop-signals.js';
import { welcomeText } from './welcome-text.js';

async function start(argv: readonly string[]): Promise<number> {
  const command = parseCommandLine(argv, process.env);
  if (command.kind === 'help') return print(helpText);
  const folder = await prepareFolder(command.settings.data);
  const lock = await lockFolder(folder);
  try {
    return await run(command.settings, folder);
  } finally {
    await lock.release();
  }
}

async function run(settings: StartSettings, folder: DataFolder): Promise<number> {
  await endLeftover(folder.redis, say);
  const ports = portsFrom(settings.port);
  const { redis: redisPort, ...servicePorts } = ports;
  const ownPorts = settings.redisUrl === undefined ? [redisPort] : [];
  await requireFreePorts([...Object.values<number>(servicePorts), ...ownPorts]);
  const { env: environment } = process;
  const machine = { environment, isRoot: process.getuid?.() === 0 };
  const redis = await prepareRedis(settings, { ports, folder: folder.redis, machine, say });

  const { drainSeconds } = settings;
  return runServices(planServices({ ports, folder, redis, drainSeconds, environment }), {
    drainMsMax: drainSeconds * 1_000,
    stop: watchForStop(),
    ready: () => print(welcomeText(ports, folder, redis)),
    say,
  });
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

function print(text: string): number {
  process.stdout.write(`${text}\n`);
  return 0;
}

try {
  process.exitCode = await start(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof StartFailure)) throw error;
  say(error.message);
  process.exitCode = error.exitCode;
}
