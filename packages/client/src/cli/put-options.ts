import type { PutOptions } from '../put/put-options.js';
import type { CommandContext } from './command.js';
import { deadlineOf } from './common-flags.js';
import { metadataOf } from './metadata-flags.js';

/** What the flags say about each object that is put. */
export function putOptions({ flags }: CommandContext): Omit<PutOptions, 'signal'> {
  return {
    metadata: metadataOf(flags),
    ifAbsent: flags.isSet('if-absent'),
    ifRevision: flags.text('if-revision'),
    deadlineMs: deadlineOf(flags),
  };
}
