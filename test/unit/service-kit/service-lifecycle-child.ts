/** A service that does what its argument says, for the tests of the lifecycle. */
import {
  createLogger,
  loadOrExit,
  runService,
  StartupError,
  type ServiceScope,
} from '@holdfast/service-kit';

const forever = new Promise<void>(() => undefined);
const keepAliveMs = 60_000;

const behaviours: Record<string, (scope: ServiceScope) => Promise<void> | void> = {
  orderly(scope) {
    for (const step of ['force', 'settle', 'drain', 'not-ready'] as const) {
      scope.onShutdown(step, `${step} 1`, () => say(step));
      scope.onShutdown(step, `${step} 2`, () => say(`${step} again`));
    }
    scope.signal.addEventListener('abort', () => say('told'));
  },
  'a task fails'(scope) {
    scope.onShutdown('drain', 'breaks', () => Promise.reject(new Error('broken pipe')));
    scope.onShutdown('force', 'closes', () => say('closed'));
  },
  'a task hangs'(scope) {
    scope.onShutdown('drain', 'hangs', ({ signal }) => {
      signal.addEventListener('abort', () => say('told to end'));
      return forever;
    });
    scope.onShutdown('force', 'closes', () => say('closed'));
  },
  'a task takes all of its time'(scope) {
    scope.onShutdown('drain', 'patient', async (time) => {
      await new Promise((resolve) => setTimeout(resolve, time.msLeft()));
      say('cut off');
    });
  },
  'hangs on signal'(scope) {
    scope.onShutdown('not-ready', 'says', () => say('draining'));
    scope.onShutdown('drain', 'hangs', () => forever);
  },
  'fails to start'(scope) {
    scope.onShutdown('force', 'closes', () => say('closed'));
    throw new Error('what a surprise');
  },
  'may not start'(scope) {
    scope.onShutdown('force', 'closes', () => say('closed'));
    throw new StartupError('port 7100 on 127.0.0.1 is in use\ndirectory /x may not be written');
  },
  'starts for ever': (scope) => {
    scope.onShutdown('force', 'closes', () => say('closed'));
    say('starting');
    return forever;
  },
  'breaks while it runs'(scope) {
    scope.onShutdown('drain', 'drains', () => say('drained'));
    setImmediate(() => scope.fail(new Error('the disk is gone')));
  },
  throws() {
    setImmediate(() => {
      throw new Error('nobody caught this');
    });
  },
  rejects() {
    setImmediate(() => void Promise.reject(new Error('nobody awaited this')));
  },
};

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

const [, , behaviour = '', drainMsMax = '5000'] = process.argv;
loadOrExit('child', () => {
  if (behaviour === 'wrong settings') throw new StartupError('listen.port is "x"; allowed: a port');
});
const logger = createLogger(
  { level: 'info', service: 'child', format: 'json' },
  { write: (line) => process.stderr.write(line) },
);
await runService({
  name: 'child',
  logger,
  drainMsMax: Number(drainMsMax),
  async start(scope) {
    setInterval(() => undefined, keepAliveMs);
    await behaviours[behaviour]?.(scope);
    say('started');
  },
});
