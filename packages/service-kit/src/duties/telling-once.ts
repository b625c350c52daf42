import type { Logger } from '../logging/logger.js';

/** What fails every few seconds is one line, and one more once it does not. */
export function tellingOnce<Arguments extends readonly unknown[]>(
  failure: string,
  task: (...given: Arguments) => Promise<void>,
  logger: Pick<Logger, 'info' | 'warn'>,
): (...given: Arguments) => Promise<void> {
  let isFailing = false;
  return async (...given) => {
    try {
      await task(...given);
      if (isFailing) logger.info({ before: failure }, 'it can be again');
      isFailing = false;
    } catch (cause) {
      if (!isFailing) logger.warn({ cause }, failure);
      isFailing = true;
    }
  };
}
