import type { CallOptions } from '../../../call-terms.js';
import type { CommandContext, CommandText } from '../../command.js';
import type { SweeperClient } from './sweeper-client.js';

/** What a command about sweeps works with. */
export interface SweepContext extends Omit<CommandContext, 'client'> {
  readonly sweeper: SweeperClient;
  /** For each call, as the command line has it. */
  readonly terms: CallOptions;
}

/** Its name is `admin sweep` and one more word. */
export interface SweepCommand extends CommandText {
  /** Answers the exit code. */
  run(context: SweepContext): Promise<number>;
}
