import { createLogger, loadOrExit, runService, stepBack } from '@holdfast/service-kit';
import { startSweeper } from './compose.js';
import { readSettings } from './config.js';

const name = 'sweeper';
const settings = loadOrExit(name, () => readSettings());
const logger = createLogger({ ...settings.log, service: name });

stepBack(logger);
await runService({
  name,
  logger,
  start: async (scope) => {
    await startSweeper(settings, scope, { logger });
  },
  drainMsMax: settings.shutdown.drainMs,
});
