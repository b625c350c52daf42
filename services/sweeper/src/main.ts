import { createLogger, loadOrExit, runService } from '@holdfast/service-kit';
import { constants, setPriority } from 'node:os';
import { startSweeper } from './compose.js';
import { readSettings } from './config.js';

const name = 'sweeper';
const settings = loadOrExit(name, () => readSettings());
const logger = createLogger({ ...settings.log, service: name });

// Whoever serves on the same machine comes first.
setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
await runService({
  name,
  logger,
  start: async (scope) => {
    await startSweeper(settings, scope, { logger });
  },
  drainMsMax: settings.shutdown.drainMs,
});
