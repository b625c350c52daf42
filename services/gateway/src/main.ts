import { createLogger, loadOrExit, runService } from '@holdfast/service-kit';
import { startGateway } from './compose.js';
import { readSettings } from './config.js';

const name = 'gateway';
const settings = loadOrExit(name, () => readSettings());
const logger = createLogger({ ...settings.log, service: name });

await runService({
  name,
  logger,
  start: async (scope) => {
    await startGateway(settings, scope, { logger });
  },
  drainMsMax: settings.shutdown.drainMs,
});
