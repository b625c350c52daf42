import { createLogger, loadOrExit, runService } from '@holdfast/service-kit';
import { startTieredStore } from './compose.js';
import { readFileThreads, readSettings } from './config.js';

const name = 'tiered-store';
/** Fewer are soon all waiting for the disk, and then nothing else reads or writes a file. */
const fileThreadsAdvised = 16;

const settings = loadOrExit(name, () => readSettings());
const logger = createLogger({ ...settings.log, service: name });

await runService({
  name,
  logger,
  start: async (scope) => {
    const fileThreads = readFileThreads();
    if (fileThreads < fileThreadsAdvised) {
      logger.warn({ fileThreads }, `set UV_THREADPOOL_SIZE to ${fileThreadsAdvised} or more`);
    }
    await startTieredStore(settings, scope, { logger });
  },
  drainMsMax: settings.shutdown.drainMs,
});
