import { isIPv4, isIPv6 } from 'node:net';

const mappedPrefix = '::ffff:';

/** Whether the name or address is one that no other machine can mean. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase();
  if (name === 'localhost' || name.endsWith('.localhost') || name === '::1') return true;
  if (isIPv6(name) && name.startsWith(mappedPrefix)) {
    return isLoopback(name.slice(mappedPrefix.length));
  }
  return isIPv4(name) && name.startsWith('127.');
}
