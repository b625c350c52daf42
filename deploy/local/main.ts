/*
 * What `npm start` runs: the tiered store and the gateway in front of it, as two processes on this
 * machine.
 *
 * 1. The ports are free, the data folder can be written to and is nobody else's, or it ends here with
 *    one line each.
 * 2. The tiered store starts, then the gateway; each has to become ready in time.
 * 3. It prints where they are and a command to try.
 * 4. Ctrl-C, SIGTERM, or the end of either: the gateway drains, then the tiered store.
 */
import { helpText, parseCommandLine } from './command-line.js';
import { prepareFolder } from './data-folder.js';
import { lockFolder } from './folder-lock.js';
import { portsFrom, requireFreePorts } from './ports.js';
import { runServices } from './run-services.js';
import { planServices } from './service-plan.js';
import { StartFailure } from './start-failure.js';
import { watchForStop } from './stop-signals.js';
import { welcomeText } from './welcome-text.js';

async function start(argv: readonly string[]): Promise<number> {
  const command = parseCommandLine(argv);
  if (command.kind === 'help') return print(helpText);
  const { data, port, drainSeconds } = command.settings;

  const ports = portsFrom(port);
  await requireFreePorts(ports);
  const folder = await prepareFolder(data);
  const lock = await lockFolder(folder);
  const exitCode = await runServices(
    planServices({ ports, folder, drainSeconds, environment: process.env }),
    {
      drainMsMax: drainSeconds * 1_000,
      stop: watchForStop(),
      ready: () => print(welcomeText(ports, folder)),
      say: (line) => process.stderr.write(`${line}\n`),
    },
  );
  await lock.release();
  return exitCode;
}

function print(text: string): number {
  process.stdout.write(`${text}\n`);
  return 0;
}

try {
  process.exitCode = await start(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof StartFailure)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = error.exitCode;
}
