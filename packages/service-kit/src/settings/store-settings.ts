import { z } from 'zod';
import { hostPort } from './setting-types.js';

const addressesMax = 64;

/** Where the tiered stores are, to be spread into what else a service sets about them. */
export function storeSettings() {
  return {
    addresses: z.array(hostPort()).min(1).max(addressesMax).default(['127.0.0.1:7110']),
    /** Missing: not encrypted. */
    tls: z
      .strictObject({
        caFile: z.string().min(1).optional(),
        certificateFile: z.string().min(1).optional(),
        privateKeyFile: z.string().min(1).optional(),
        serverName: z.string().min(1).optional(),
      })
      .optional(),
  };
}
