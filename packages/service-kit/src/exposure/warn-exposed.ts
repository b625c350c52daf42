import type { Logger } from '../logging/logger.js';
import { isLoopback } from './loopback.js';

export interface ExposedSettings {
  readonly listen: { readonly host: string };
  readonly tls?: { readonly clientCaFile?: string | undefined } | undefined;
}

/**
 * Says so when others than this machine reach the gRPC port and nothing asks who they are: whoever comes
 * may then do what is for operators and workers alone.
 */
export function warnIfExposed(
  { listen, tls }: ExposedSettings,
  service: string,
  logger: Pick<Logger, 'warn'>,
): void {
  if (isLoopback(listen.host) || tls?.clientCaFile !== undefined) return;
  logger.warn(
    { host: listen.host },
    `whoever reaches the gRPC port may use ${service}: set tls.clientCaFile`,
  );
}
