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

/** What a `Host` header names, without its port; `undefined` when it is none. */
export function hostNameOf(header: string): string | undefined {
  const { bracketed, plain } = hostHeader.exec(header)?.groups ?? {};
  return bracketed ?? plain;
}

const hostHeader =
  /^(?:\[(?<bracketed>[0-9a-f:.]{2,45})\]|(?<plain>[a-z0-9._-]{1,253}))(?::\d{1,5})?$/i;
