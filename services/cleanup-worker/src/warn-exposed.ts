import type { Logger } from '@holdfast/service-kit';
import type { Settings } from './config.js';
import { isLoopback } from './dashboard/loopback.js';

/**
 * Says so when others than this machine reach the gRPC port and nothing asks who they are: whoever comes
 * may then pause the queues and give changes up.
 */
export function warnIfExposed(
  { listen, tls }: Pick<Settings, 'listen' | 'tls'>,
  logger: Pick<Logger, 'warn'>,
): void {
  if (isLoopback(listen.host) || tls?.clientCaFile !== undefined) return;
  logger.warn(
    { host: listen.host },
    'whoever reaches the gRPC port may use CleanupService: set tls.clientCaFile',
  );
}
