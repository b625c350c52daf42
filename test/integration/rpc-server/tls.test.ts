import * as grpc from '@grpc/grpc-js';
import { unary, type ServerLimits } from '@holdfast/rpc';
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import {
  createCertificateAuthority,
  writeCertificate,
  type Certificate,
  type CertificateAuthority,
  type CertificateFiles,
} from '../../support/certificates.js';
import { callHead, head } from './byte-methods.js';
import { startTestServer, type TestServer } from './test-server.js';
import { failureOf } from './waiting.js';

const hello = Buffer.from('hello');
const methods = [unary(head, (request) => Promise.resolve(request))];
const limits: Partial<ServerLimits> = { certificateCheckMs: 20 };

describe('the rpc server over TLS', () => {
  let folder: string;
  let authority: CertificateAuthority;
  let files: CertificateFiles;
  let test: TestServer | undefined;
  const clients: grpc.Client[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-tls-'));
    authority = await createCertificateAuthority('test authority');
    files = await writeCertificate(folder, await authority.server('first'));
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    await test?.close();
    test = undefined;
    await rm(folder, { recursive: true });
  });

  function clientOf(port: number, ca: string, own?: Certificate): grpc.Client {
    const credentials = grpc.credentials.createSsl(
      Buffer.from(ca),
      own === undefined ? null : Buffer.from(own.privateKey),
      own === undefined ? null : Buffer.from(own.certificate),
    );
    const options = { 'grpc.use_local_subchannel_pool': 1 };
    const client = new grpc.Client(`127.0.0.1:${port}`, credentials, options);
    clients.push(client);
    return client;
  }

  /** Of the certificate that a new connection is shown. */
  function shownName(port: number): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = connect({
        port,
        host: 'localhost',
        ca: authority.certificate,
        ALPNProtocols: ['h2'],
      });
      socket.on('error', reject);
      socket.on('secureConnect', () => {
        resolve(String(socket.getPeerCertificate().subject.CN));
        socket.destroy();
      });
    });
  }

  async function showsName(port: number, name: string): Promise<void> {
    while ((await shownName(port)) !== name) continue;
  }

  it('is trusted by those who trust its authority, and by nobody else', async () => {
    test = await startTestServer(methods, limits, files);
    const { response } = await callHead(clientOf(test.port, authority.certificate), hello);
    assert.equal(String(response), 'hello');
    const other = await createCertificateAuthority('another authority');
    const failure = await failureOf(callHead(clientOf(test.port, other.certificate), hello));
    assert.equal(failure.code, grpc.status.UNAVAILABLE);
  });

  it('shows a replaced certificate to new connections, and keeps those it has', async () => {
    test = await startTestServer(methods, limits, files);
    const client = clientOf(test.port, authority.certificate);
    await callHead(client, hello);
    assert.equal(await shownName(test.port), 'first');
    await writeCertificate(folder, await authority.server('second'));
    await showsName(test.port, 'second');
    assert.equal(String((await callHead(client, hello)).response), 'hello');
    const { response } = await callHead(clientOf(test.port, authority.certificate), hello);
    assert.equal(String(response), 'hello');
  });

  it('keeps its certificate while the files cannot be used, and says so once', async () => {
    test = await startTestServer(methods, limits, files);
    const { privateKey } = await authority.server('another');
    await writeFile(files.privateKeyFile, privateKey);
    await test.refused();
    for (let at = 0; at < 20; at += 1) assert.equal(await shownName(test.port), 'first');
    const unusable = test.refusals.filter((why) => why.includes('private key cannot be used'));
    assert.equal(unusable.length, 1);
    assert.match(unusable[0] ?? '', /private key cannot be used: key values mismatch$/);
    await writeCertificate(folder, await authority.server('third'));
    await showsName(test.port, 'third');
  });

  it('refuses clients without a certificate of the right authority, where one is asked for', async () => {
    const clientCaFile = join(folder, 'clients.pem');
    const clientAuthority = await createCertificateAuthority('client authority');
    await writeFile(clientCaFile, clientAuthority.certificate);
    test = await startTestServer(methods, limits, { ...files, clientCaFile });
    const { certificate } = authority;
    const known = clientOf(test.port, certificate, await clientAuthority.client('gateway'));
    assert.equal(String((await callHead(known, hello)).response), 'hello');
    const strangers = [undefined, await authority.client('gateway')];
    for (const stranger of strangers) {
      const failure = await failureOf(callHead(clientOf(test.port, certificate, stranger), hello));
      assert.equal(failure.code, grpc.status.UNAVAILABLE);
    }
    assert.equal(test.calls.length, 1);
    await test.refused();
  });

  it('does not start with files that are missing or do not fit together', async () => {
    const missing = { ...files, certificateFile: join(folder, 'missing.pem') };
    await assert.rejects(
      startTestServer(methods, limits, missing),
      /^Error: the certificate file cannot be read: ENOENT.*missing\.pem/,
    );
    const { privateKey } = await authority.server('another');
    await writeFile(files.privateKeyFile, privateKey);
    await assert.rejects(
      startTestServer(methods, limits, files),
      /^Error: the certificate .* and its private key cannot be used/,
    );
  });

  it('does not speak without TLS', async () => {
    test = await startTestServer(methods, limits, files);
    const failure = await failureOf(callHead(test.client(), hello));
    assert.equal(failure.code, grpc.status.UNAVAILABLE);
  });
});
