import type * as storage from '@holdfast/storage';

export type StorageModule = typeof storage;

/**
 * Loaded when it is asked for: whoever only puts and gets objects neither waits for the tiers nor needs
 * them installed.
 */
export async function loadStorage(): Promise<StorageModule> {
  try {
    return await import('@holdfast/storage');
  } catch (cause) {
    if (!isMissing(cause)) throw cause;
    throw new Error('this needs the package @holdfast/storage, which is not installed', { cause });
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND';
}
