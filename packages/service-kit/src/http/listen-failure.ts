import { StartupError } from '../startup-error.js';

/** Why a port could not be listened on, in one line that says what to put right. */
export function listenFailure(
  wanted: { readonly host: string; readonly port: number },
  cause: Error & { readonly code?: string },
): StartupError {
  return new StartupError(reason(wanted.host, wanted.port, cause), { cause });
}

function reason(host: string, port: number, cause: Error & { readonly code?: string }): string {
  switch (cause.code) {
    case 'EADDRINUSE':
      return `port ${port} on ${host} is in use`;
    case 'EACCES':
      return `port ${port} on ${host} may not be listened on by this user`;
    case 'EADDRNOTAVAIL':
      return `${host} is no address of this machine`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `${host} is no known host`;
    case undefined:
      return `port ${port} on ${host} cannot be listened on: ${cause.message}`;
  }
  return `port ${port} on ${host} cannot be listened on: ${cause.code}`;
}
