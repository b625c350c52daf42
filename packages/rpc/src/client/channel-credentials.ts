import { accessSync, constants } from 'node:fs';
import { rootCertificates } from 'node:tls';
import { credentials, experimental, type ChannelCredentials } from '@grpc/grpc-js';
import type { ClientTls } from './rpc-channel.js';

/** Credentials that follow their files. Throws an Error of one clear line for a file it cannot read. */
export function channelCredentials(
  tls: ClientTls | undefined,
  certificateCheckMs: number,
): ChannelCredentials {
  if (tls === undefined) return credentials.createInsecure();
  const { caFile, certificateFile, privateKeyFile } = tls;
  if ((certificateFile === undefined) !== (privateKeyFile === undefined)) {
    throw new Error('a client certificate needs both its file and the file of its private key');
  }
  for (const file of [caFile, certificateFile, privateKeyFile]) requireReadable(file);
  if (caFile === undefined && certificateFile === undefined) return credentials.createSsl();
  const files = new experimental.FileWatcherCertificateProvider({
    caCertificateFile: caFile,
    certificateFile,
    privateKeyFile,
    refreshIntervalMs: certificateCheckMs,
  });
  return experimental.createCertificateProviderChannelCredentials(
    caFile === undefined ? systemRoots : files,
    certificateFile === undefined ? null : files,
  );
}

type CertificateProvider = Parameters<
  typeof experimental.createCertificateProviderChannelCredentials
>[0];

/** The authorities Node.js comes with, in the shape of files that never change. */
const systemRoots: CertificateProvider = {
  addCaCertificateListener(listener) {
    process.nextTick(listener, { caCertificate: Buffer.from(rootCertificates.join('\n')) });
  },
  removeCaCertificateListener: () => undefined,
  addIdentityCertificateListener: (listener) => process.nextTick(listener, null),
  removeIdentityCertificateListener: () => undefined,
};

function requireReadable(file: string | undefined): void {
  if (file === undefined) return;
  try {
    accessSync(file, constants.R_OK);
  } catch (cause) {
    throw new Error(`the certificate file ${file} cannot be read`, { cause });
  }
}
