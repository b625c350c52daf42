/*
 * 1. Redis starts. One that fails before it has ever answered will not do better a second time: that
 *    is a failure of the start, told in its own words.
 * 2. One that is killed, or ends later, is started again, on the same data and the same port, after a
 *    pause that doubles: whoever tries out what Holdfast does without its queue sees it go on. One
 *    that cannot stay is given up after a number of times, and with it everything.
 * 3. Asked to stop, it saves its data and ends.
 */
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { describeEnd, type ServiceEnd } from '../service-process.js';
import { startFailureExitCode } from '../start-failure.js';
import { waitReady } from '../wait-ready.js';
import { askRedis } from './ask-redis.js';
import { runServer, type ServerOptions, type ServerRun } from './run-server.js';

export interface KeepDependencies {
  readonly stop: AbortSignal;
  readonly say: (line: string) => void;
}

const restartsMax = 5;
const restartMs = 100;
/** Who has run for so long has not been ended by its own start. */
const steadyMsMin = 60_000;

/** Resolves to an exit code, with Redis gone. */
export async function keepRedis(
  options: ServerOptions,
  dependencies: KeepDependencies,
): Promise<number> {
  const { stop, say } = dependencies;
  const asked = whenAborted(stop);
  let hasAnswered = false;
  let restarts = 0;
  for (;;) {
    const life = startLife(options, dependencies);
    const end = await Promise.race([life.run.ended, asked]);
    if (end === undefined) return stopServer(life.run, say);

    hasAnswered ||= life.hasAnswered();
    if (!hasAnswered && isFailure(end)) {
      const { program, access } = options;
      say(`redis: ${program} does not start on ${access.folder}: ${life.run.lastWords()}`);
      return startFailureExitCode;
    }
    if (life.ms() >= steadyMsMin) restarts = 0;
    if (restarts === restartsMax) {
      say(`redis ${describeDeath(end, life.run)}, again after ${restarts} restarts in a row`);
      return 1;
    }
    say(`redis ${describeDeath(end, life.run)}: starting it again`);
    await pause(restartMs * 2 ** restarts, undefined, { signal: stop }).catch(() => undefined);
    if (stop.aborted) return 0;
    restarts += 1;
  }
}

interface Life {
  readonly run: ServerRun;
  hasAnswered(): boolean;
  ms(): number;
}

function startLife(options: ServerOptions, { stop, say }: KeepDependencies): Life {
  const startedAt = performance.now();
  const ended = new AbortController();
  let hasAnswered = false;
  const run = runServer(options, (line) => {
    // What it says of its start is of no interest unless that fails, nor are its last words when asked to end.
    if (hasAnswered && !stop.aborted) say(`redis: ${line}`);
  });
  void run.ended.then(() => ended.abort());
  void waitReady(async () => (await askRedis(options.access, 'PING')) === 'ok', ended.signal).then(
    (isReady) => {
      hasAnswered = isReady;
    },
  );
  return { run, hasAnswered: () => hasAnswered, ms: () => performance.now() - startedAt };
}

async function stopServer(run: ServerRun, say: (line: string) => void): Promise<number> {
  const end = await run.stop();
  if (end.signal !== 'SIGKILL') return 0;
  say(`redis ${describeEnd(end)}`);
  return 1;
}

/** By its own judgement, not by that of whoever killed it or told it to end. */
function isFailure({ code }: ServiceEnd): boolean {
  return code !== null && code !== 0;
}

function describeDeath(end: ServiceEnd, run: ServerRun): string {
  const how = describeEnd(end);
  return end.signal === null ? `${how} (${run.lastWords()})` : how;
}

async function whenAborted(signal: AbortSignal): Promise<undefined> {
  if (!signal.aborted) await once(signal, 'abort');
  return undefined;
}
