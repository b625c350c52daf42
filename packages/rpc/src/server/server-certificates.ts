import { ServerCredentials } from '@grpc/grpc-js';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import type { ServerTls } from './rpc-server.js';

/** The contents of the files, which fit together. */
export interface ServerCertificates {
  readonly certificate: Buffer;
  readonly privateKey: Buffer;
  readonly clientCa: Buffer | undefined;
}

/** Rejects with an Error of one clear line, which names the file where it is a file's fault. */
export async function readCertificates(tls: ServerTls): Promise<ServerCertificates> {
  const [certificate, privateKey, clientCa] = await Promise.all([
    read('certificate', tls.certificateFile),
    read('private key', tls.privateKeyFile),
    tls.clientCaFile === undefined ? undefined : read('client CA', tls.clientCaFile),
  ]);
  try {
    createSecureContext(secureContext({ certificate, privateKey, clientCa }));
  } catch (cause) {
    throw new Error(
      `the certificate ${tls.certificateFile} and its private key cannot be used: ${whyUnusable(cause)}`,
      { cause },
    );
  }
  return { certificate, privateKey, clientCa };
}

export function serverCredentials(certificates: ServerCertificates | undefined): ServerCredentials {
  if (certificates === undefined) return ServerCredentials.createInsecure();
  const { certificate, privateKey, clientCa } = certificates;
  const pair = { cert_chain: certificate, private_key: privateKey };
  return ServerCredentials.createSsl(clientCa ?? null, [pair], clientCa !== undefined);
}

/** For connections from here on. */
export function secureContext({ certificate, privateKey, clientCa }: ServerCertificates): {
  cert: Buffer;
  key: Buffer;
  ca?: Buffer;
} {
  const identity = { cert: certificate, key: privateKey };
  return clientCa === undefined ? identity : { ...identity, ca: clientCa };
}

async function read(what: string, file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`the ${what} file cannot be read: ${why}`, { cause });
  }
}

/**
 * What OpenSSL gives as its reason, which is one of a table. Its message has numbers and addresses of
 * its code around that, and more than one line.
 */
function whyUnusable(cause: unknown): string {
  if (typeof cause !== 'object' || cause === null) return 'they cannot be read';
  if ('reason' in cause && typeof cause.reason === 'string') return cause.reason;
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : 'they cannot be read';
}
