/** What the command takes from its environment. The library takes nothing from there. */
export interface Environment {
  /** The gateway to talk to where no `--address` is given. */
  readonly address: string;
  /** The cleanup worker to talk to where no `--cleanup-worker` is given. */
  readonly cleanupWorker: string;
  /** The sweeper to talk to where no `--sweeper` is given. */
  readonly sweeper: string;
  /** All of it, for what reads the settings of services. */
  readonly env: NodeJS.ProcessEnv;
}

const addressDefault = '127.0.0.1:7100';
const cleanupWorkerDefault = '127.0.0.1:7120';
const sweeperDefault = '127.0.0.1:7130';

export function readEnvironment(): Environment {
  return {
    address: addressOf(process.env['HOLDFAST_ADDRESS'], addressDefault),
    cleanupWorker: addressOf(process.env['HOLDFAST_CLEANUP_WORKER'], cleanupWorkerDefault),
    sweeper: addressOf(process.env['HOLDFAST_SWEEPER'], sweeperDefault),
    env: process.env,
  };
}

function addressOf(value: string | undefined, addressIfNone: string): string {
  return value === undefined || value === '' ? addressIfNone : value;
}
