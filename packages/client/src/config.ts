/** What the command takes from its environment. The library takes nothing from there. */
export interface Environment {
  /** The gateway to talk to where no `--address` is given. */
  readonly address: string;
}

const addressDefault = '127.0.0.1:7100';

export function readEnvironment(): Environment {
  const address = process.env['HOLDFAST_ADDRESS'] ?? '';
  return { address: address === '' ? addressDefault : address };
}
