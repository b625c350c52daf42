import { ensurePath } from '@holdfast/tier-filesystem';
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import type { Resource } from './resource.js';

/** What is in it is made by the store that opens it. */
export function directoryResource(path: string): Resource {
  return {
    name: `directory ${path}`,
    async look() {
      const stats = await stat(path).catch(unlessMissing);
      if (stats === undefined) return { kind: 'missing' };
      if (!stats.isDirectory()) throw new Error('it is no directory');
      await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
      return { kind: 'found', drift: [] };
    },
    mend: () => ensurePath(path),
  };
}

function unlessMissing(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  throw error;
}
