import type { Logger } from '@holdfast/service-kit';
import type { Settings } from './config.js';

const loopback = /^(localhost|::1|127(\.\d{1,3}){3}|::ffff:127(\.\d{1,3}){3})$/i;

/**
 * Says so when others than this machine reach the port and nothing asks who they are: whoever comes
 * may then also delete what is stored, and give changes up.
 */
export function warnIfExposed(
  { listen, tls }: Pick<Settings, 'listen' | 'tls'>,
  logger: Pick<Logger, 'warn'>,
): void {
  if (loopback.test(listen.host) || tls?.clientCaFile !== undefined) return;
  logger.warn(
    { host: listen.host },
    'whoever reaches the gRPC port may use MaintenanceService: set tls.clientCaFile',
  );
}
