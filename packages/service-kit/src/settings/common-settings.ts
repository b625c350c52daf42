import { z } from 'zod';
import { logFormats, logLevels } from '../logging/logger.js';
import { durationMs, host, port } from './setting-types.js';

const second = 1_000;
const minute = 60 * second;

/** What can be set in every service alike, to be spread into its schema. */
export function commonSettings(ports: { readonly listen: number; readonly http: number }) {
  return {
    /** Where callers come. */
    listen: addressSettings(ports.listen),
    /** Metrics, health and readiness. */
    http: addressSettings(ports.http),
    /** Missing: callers are not encrypted. */
    tls: z
      .strictObject({
        certificateFile: z.string().min(1),
        privateKeyFile: z.string().min(1),
        /** Callers without a certificate signed by one of these are refused. */
        clientCaFile: z.string().min(1).optional(),
      })
      .optional(),
    shutdown: z
      .strictObject({ drainMs: durationMs({ msMax: 10 * minute }).default(25 * second) })
      .prefault({}),
    log: z
      .strictObject({
        level: z.enum(logLevels).default('info'),
        format: z.enum(logFormats).default('json'),
      })
      .prefault({}),
    tracing: z
      .strictObject({
        /** Of an OTLP collector over HTTP. Missing: nothing is traced. */
        endpoint: z.url().optional(),
        sampleRatio: z.number().min(0).max(1).default(0.01),
      })
      .prefault({}),
  };
}

function addressSettings(portDefault: number) {
  return z
    .strictObject({ host: host().default('127.0.0.1'), port: port().default(portDefault) })
    .prefault({});
}
