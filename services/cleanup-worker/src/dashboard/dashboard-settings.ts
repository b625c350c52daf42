import { secret } from '@holdfast/service-kit';
import { z } from 'zod';

const usernameCharactersMax = 64;
/** As HTTP basic authentication allows: no colon, nothing that does not show. */
const usernameText = /^[^:\p{Cc}]+$/u;

/** For the settings of the process. */
export function dashboardSettings() {
  return z.strictObject({
    /** Off: the HTTP port serves metrics and health only, and may be reached by anybody. */
    enabled: z.boolean().default(true),
    /** Who may open it. With neither, whoever is on this machine; other hosts must not reach it. */
    username: z.string().max(usernameCharactersMax).regex(usernameText).optional(),
    password: secret().optional(),
    /** Whether dead letters can be retried from the page. */
    writable: z.boolean().default(false),
  });
}
