import type { CallOptions } from '../../call-terms.js';
import type { CommandContext, CommandText } from '../command.js';
import type { CleanupClient } from './cleanup-client.js';

/** What a command for operators works with. */
export interface AdminContext extends Omit<CommandContext, 'client'> {
  readonly cleanup: CleanupClient;
  /** For each call, as the command line has it. */
  readonly terms: CallOptions;
}

/** Its name is `admin` and one more word. */
export interface AdminCommand extends CommandText {
  /** Answers the exit code. */
  run(context: AdminContext): Promise<number>;
}
