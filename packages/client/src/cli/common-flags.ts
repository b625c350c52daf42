import type { ClientTls } from '@holdfast/rpc';
import type { FlagTable } from './command.js';
import type { Flags } from './parse-arguments.js';
import { parseDuration } from './parse-value.js';

/** How a server is reached and trusted, and what is printed. */
const sharedFlags: FlagTable = {
  tls: { help: 'encrypt, and trust the authorities that Node.js comes with' },
  'tls-ca': { value: 'FILE', isFile: true, help: 'encrypt, and trust these authorities' },
  'tls-cert': { value: 'FILE', isFile: true, help: 'the certificate to show, with --tls-key' },
  'tls-key': { value: 'FILE', isFile: true, help: 'the key of --tls-cert' },
  'tls-server-name': { value: 'NAME', help: "the name to expect in the server's certificate" },
  json: { help: 'print one JSON document, or one a line where there may be several' },
  help: { short: 'h', help: 'print this help' },
};

/** What every command takes. */
export const commonFlags: FlagTable = {
  address: {
    value: 'HOST:PORT',
    help: 'the gateway; $HOLDFAST_ADDRESS or 127.0.0.1:7100 by default',
  },
  timeout: { value: 'DURATION', help: 'give up on an object after this long: 30s, 15m' },
  ...sharedFlags,
};

const callTimeout = { value: 'DURATION', help: 'give up on a call after this long: 30s, 15m' };

/** What every command for operators takes. */
export const adminFlags: FlagTable = {
  'cleanup-worker': {
    value: 'HOST:PORT',
    help: 'the worker; $HOLDFAST_CLEANUP_WORKER or 127.0.0.1:7120 by default',
  },
  timeout: callTimeout,
  ...sharedFlags,
};

/** What every command about sweeps takes. */
export const sweepFlags: FlagTable = {
  sweeper: {
    value: 'HOST:PORT',
    help: 'the sweeper; $HOLDFAST_SWEEPER or 127.0.0.1:7130 by default',
  },
  timeout: callTimeout,
  ...sharedFlags,
};

export function tlsOf(flags: Flags): ClientTls | undefined {
  const tls: ClientTls = {
    caFile: flags.text('tls-ca'),
    certificateFile: flags.text('tls-cert'),
    privateKeyFile: flags.text('tls-key'),
    serverName: flags.text('tls-server-name'),
  };
  const isGiven = Object.values(tls).some((value) => value !== undefined);
  return isGiven || flags.isSet('tls') ? tls : undefined;
}

/** The deadline of a call, where one is given. */
export function deadlineOf(flags: Flags): number | undefined {
  const timeout = flags.text('timeout');
  return timeout === undefined ? undefined : parseDuration('timeout', timeout);
}
