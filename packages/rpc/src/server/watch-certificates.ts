import { isDeepStrictEqual } from 'node:util';
import type { ServerTls } from './rpc-server.js';
import { readCertificates, type ServerCertificates } from './server-certificates.js';

export interface CertificateEvents {
  replaced(certificates: ServerCertificates): void;
  /** The files cannot be used as they are: the certificates in use stay in use. Told once. */
  unusable(why: string): void;
}

/**
 * Looks at the files of certificates again and again, because they are replaced while a server
 * runs. Files that are only half replaced do not fit together yet: they are left for the next look.
 */
export function watchCertificates(
  tls: ServerTls,
  inUse: ServerCertificates,
  checkMs: number,
  events: CertificateEvents,
): { stop(): void } {
  let current = inUse;
  let isLooking = false;
  let trouble: string | undefined;

  const look = async (): Promise<void> => {
    if (isLooking) return;
    isLooking = true;
    try {
      const found = await readCertificates(tls);
      trouble = undefined;
      if (isDeepStrictEqual(found, current)) return;
      events.replaced(found);
      current = found;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      if (why !== trouble) events.unusable(why);
      trouble = why;
    } finally {
      isLooking = false;
    }
  };

  const timer = setInterval(() => void look(), checkMs);
  timer.unref();
  return {
    stop() {
      clearInterval(timer);
    },
  };
}
