import { hostPort, StartupError } from '@holdfast/service-kit';
import { z } from 'zod';
import { highVolumeSettings, type HighVolumeSettings } from './high-volume-settings.js';
import { longTermSettings } from './long-term-settings.js';

/** Which tiers a store is made of. Any two go together. */
export const storageSettings = z.strictObject({
  highVolume: highVolumeSettings,
  longTerm: longTermSettings,
});

export type StorageSettings = z.output<typeof storageSettings>;

/** What whoever relies on such a storage should know, a sentence each. */
export function storageWarnings({ highVolume, longTerm }: StorageSettings): readonly string[] {
  const warnings: string[] = [];
  if (highVolume.kind === 'memory' || longTerm.kind === 'memory') {
    warnings.push('nothing in memory outlives this process');
  }
  if (highVolume.kind === 'bigtable' && highVolume.emulatorHost !== undefined) {
    const { emulatorHost } = highVolume;
    warnings.push(`the Bigtable emulator at ${emulatorHost} is in use: nothing outlives it`);
  }
  return warnings;
}

const emulatorVariable = 'BIGTABLE_EMULATOR_HOST';

/**
 * Everybody's tools set `BIGTABLE_EMULATOR_HOST`, so it counts, too. The setting `emulatorHost` says more
 * exactly what is meant, and wins where both are given.
 */
export function withEmulatorOf(env: NodeJS.ProcessEnv, settings: StorageSettings): StorageSettings {
  return { ...settings, highVolume: emulated(env[emulatorVariable], settings.highVolume) };
}

function emulated(given: string | undefined, settings: HighVolumeSettings): HighVolumeSettings {
  if (settings.kind !== 'bigtable' || settings.emulatorHost !== undefined) return settings;
  if (given === undefined || given === '') return settings;
  const { success, data: emulatorHost } = hostPort().safeParse(given);
  if (success) return { ...settings, emulatorHost };
  const allowed = 'a host and a port such as 127.0.0.1:8086';
  throw new StartupError(`${emulatorVariable} is ${JSON.stringify(given)}; allowed: ${allowed}`);
}
