// Before the library, which keeps notes about its classes with it.
// oxlint-disable-next-line import/no-unassigned-import
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { webcrypto } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A certificate with its private key, in PEM. */
export interface Certificate {
  readonly certificate: string;
  readonly privateKey: string;
}

/** Signs certificates for as long as a test takes. */
export interface CertificateAuthority {
  readonly certificate: string;
  /** For servers on the loopback, and for `name`. */
  server(name: string): Promise<Certificate>;
  client(name: string): Promise<Certificate>;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const hourMs = 3_600_000;

export async function createCertificateAuthority(name: string): Promise<CertificateAuthority> {
  x509.cryptoProvider.set(webcrypto);
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const own = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    keys,
    signingAlgorithm: algorithm,
    ...validity(),
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    ],
  });

  async function sign(subject: string, extensions: x509.Extension[]): Promise<Certificate> {
    const subjectKeys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    const certificate = await x509.X509CertificateGenerator.create({
      subject: `CN=${subject}`,
      issuer: own.subject,
      publicKey: subjectKeys.publicKey,
      signingKey: keys.privateKey,
      signingAlgorithm: algorithm,
      ...validity(),
      extensions,
    });
    const privateKey = await webcrypto.subtle.exportKey('pkcs8', subjectKeys.privateKey);
    return {
      certificate: certificate.toString('pem'),
      privateKey: x509.PemConverter.encode(privateKey, 'PRIVATE KEY'),
    };
  }

  return {
    certificate: own.toString('pem'),
    server: (subject) =>
      sign(subject, [
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        new x509.SubjectAlternativeNameExtension([
          { type: 'dns', value: 'localhost' },
          { type: 'dns', value: subject },
          { type: 'ip', value: '127.0.0.1' },
        ]),
      ]),
    client: (subject) =>
      sign(subject, [new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth])]),
  };
}

export interface CertificateFiles {
  readonly certificateFile: string;
  readonly privateKeyFile: string;
}

/** Writes both files into a folder, over those that are there. */
export async function writeCertificate(
  folder: string,
  { certificate, privateKey }: Certificate,
): Promise<CertificateFiles> {
  await mkdir(folder, { recursive: true });
  const files = {
    certificateFile: join(folder, 'certificate.pem'),
    privateKeyFile: join(folder, 'private-key.pem'),
  };
  await writeFile(files.certificateFile, certificate);
  await writeFile(files.privateKeyFile, privateKey, { mode: 0o600 });
  return files;
}

/** It lies on both sides of now: clocks of machines differ. */
function validity(): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(Date.now() - hourMs), notAfter: new Date(Date.now() + hourMs) };
}
