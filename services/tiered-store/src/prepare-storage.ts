import { StartupError, type Logger } from '@holdfast/service-kit';
import { bootstrapStorage, tellEntry, type StorageSettings } from '@holdfast/storage';

/**
 * Makes what the storage needs and is not there. Safe where many stores start at once. What is there and
 * cannot be put right is told; what cannot be had refuses the start.
 */
export async function prepareStorage(
  settings: StorageSettings,
  { logger }: { readonly logger: Logger },
): Promise<void> {
  const { entries, isSound } = await bootstrapStorage(settings);
  for (const entry of entries) {
    const level = entry.outcome.kind === 'drifted' ? 'warn' : 'info';
    logger[level]({}, tellEntry(entry));
  }
  if (isSound) return;
  const failed = entries.filter(({ outcome }) => outcome.kind === 'failed');
  throw new StartupError(failed.map(tellEntry).join('\n'));
}
