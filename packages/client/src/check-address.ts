import { invalidField } from '@holdfast/rpc';

/** A wrong one would otherwise look like a server that is down, to whoever waits for it. */
export function checkAddress(address: string): string {
  const port = Number(/^.+:(?<port>\d{1,5})$/.exec(address)?.groups?.['port']);
  if (port >= 1 && port <= 65_535) return address;
  throw invalidField('INVALID_ADDRESS', 'address', `must be host:port; given ${address}`);
}
