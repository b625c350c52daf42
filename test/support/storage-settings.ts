import { storageSettings, type StorageSettings } from '@holdfast/storage';
import type { z } from 'zod';

/** With the defaults of all that is not said. */
export function storageSettingsOf(given: z.input<typeof storageSettings>): StorageSettings {
  return storageSettings.parse(given);
}
