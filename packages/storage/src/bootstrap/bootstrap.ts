import { checkResource, mendResource } from './mend-resource.js';
import type { Resource, ResourceOutcome } from './resource.js';

export interface BootstrapEntry {
  readonly name: string;
  readonly outcome: ResourceOutcome;
}

export interface BootstrapReport {
  readonly entries: readonly BootstrapEntry[];
  /**
   * Whether everything that has to be there is. Of what was looked at only, whether it also is as it has
   * to be; of what was mended, what cannot be changed does not count.
   */
  readonly isSound: boolean;
}

export interface BootstrapOptions {
  /** Nothing is changed. */
  readonly checkOnly: boolean;
  /** Ends it between two resources, with the reason of the signal. */
  readonly signal?: AbortSignal | undefined;
  /** Told of each as soon as it is known what becomes of it. */
  readonly told?: ((entry: BootstrapEntry) => Promise<void>) | undefined;
}

/** One after the other, since it is told in order. */
export async function bootstrap(
  resources: readonly Resource[],
  { checkOnly, signal, told }: BootstrapOptions,
): Promise<BootstrapReport> {
  const entries: BootstrapEntry[] = [];
  for (const resource of resources) {
    signal?.throwIfAborted();
    const outcome = await (checkOnly ? checkResource(resource) : mendResource(resource));
    const entry = { name: resource.name, outcome };
    entries.push(entry);
    await told?.(entry);
  }
  return { entries, isSound: entries.every(({ outcome }) => isFine(outcome, checkOnly)) };
}

function isFine(outcome: ResourceOutcome, checkOnly: boolean): boolean {
  switch (outcome.kind) {
    case 'exists':
    case 'made':
    case 'mended':
      return true;
    case 'drifted':
      return !checkOnly;
    case 'missing':
    case 'failed':
      return false;
  }
}

/** What became of it, on one line. */
export function tellEntry({ name, outcome }: BootstrapEntry): string {
  return `${name}: ${tellOutcome(outcome)}`;
}

function tellOutcome(outcome: ResourceOutcome): string {
  switch (outcome.kind) {
    case 'exists':
    case 'made':
    case 'missing':
      return outcome.kind;
    case 'mended':
      return `mended: ${outcome.drift.join('; ')}`;
    case 'drifted': {
      const { drift, mended, why } = outcome;
      const reason = why === undefined ? '' : ` (${why})`;
      const rest = mended.length === 0 ? '' : `; mended: ${mended.join('; ')}`;
      return `drifted: ${drift.join('; ')}${reason}${rest}`;
    }
    case 'failed':
      return `failed: ${outcome.why}`;
  }
}
