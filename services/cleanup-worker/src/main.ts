import { createLogger, loadOrExit, runService } from '@holdfast/service-kit';
import { startCleanupWorker } from './compose.js';
import { readSettings } from './config.js';

const name = 'cleanup-worker';
const settings = loadOrExit(name, () => readSettings());
const logger = createLogger({ ...settings.log, service: name });

await runService({
  name,
  logger,
  start: async (scope) => {
    await startCleanupWorker(settings, scope, { logger });
  },
  drainMsMax: settings.shutdown.drainMs,
});
