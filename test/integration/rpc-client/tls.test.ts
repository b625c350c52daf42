import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServerCredentials, status } from '@grpc/grpc-js';
import { openChannel, RpcError, type ClientTls, type RpcChannel } from '@holdfast/rpc';
import {
  createCertificateAuthority,
  type Certificate,
  type CertificateAuthority,
} from '../../support/certificates.js';
import { waitUntil } from '../../support/cluster-wait.js';
import { methods, startTestServer, type TestServer } from './test-server.js';

const request = Buffer.from('request');

describe('a channel over TLS', () => {
  let directory = '';
  let authority: CertificateAuthority;
  let stranger: CertificateAuthority;
  const servers: TestServer[] = [];
  const channels: RpcChannel[] = [];

  before(async () => {
    authority = await createCertificateAuthority('Holdfast test authority');
    stranger = await createCertificateAuthority('Another authority');
  });

  function file(name: string, content: string): string {
    const path = join(directory, name);
    writeFileSync(path, content);
    return path;
  }

  function clientFiles({ certificate, privateKey }: Certificate): ClientTls {
    return {
      certificateFile: file('client.pem', certificate),
      privateKeyFile: file('client.key', privateKey),
    };
  }

  /** A server that answers; it asks for a client certificate of `clientAuthority`. */
  async function serve(clientAuthority?: string): Promise<TestServer> {
    const { certificate, privateKey } = await authority.server('holdfast.test');
    const credentials = ServerCredentials.createSsl(
      clientAuthority === undefined ? null : Buffer.from(clientAuthority),
      [{ cert_chain: Buffer.from(certificate), private_key: Buffer.from(privateKey) }],
      clientAuthority !== undefined,
    );
    const server = await startTestServer(
      { unary: (_, answer) => answer(null, request) },
      { credentials },
    );
    servers.push(server);
    return server;
  }

  function open({ port }: TestServer, tls: ClientTls): RpcChannel {
    const limits = { certificateCheckMs: 50, reconnectMsMax: 200 };
    const channel = openChannel({ address: `localhost:${port}`, tls, limits });
    channels.push(channel);
    return channel;
  }

  function call(channel: RpcChannel): Promise<Buffer> {
    return channel.unary(methods.unary, request, { deadline: Date.now() + 10_000 });
  }

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'holdfast-tls-'));
  });

  afterEach(() => {
    for (const channel of channels.splice(0)) channel.close();
    for (const server of servers.splice(0)) server.kill();
    rmSync(directory, { recursive: true });
  });

  it('trusts servers of the authority it was given, and no others', async () => {
    const server = await serve();
    const caFile = file('ca.pem', authority.certificate);
    assert.deepEqual(await call(open(server, { caFile })), request);
    const wrongCa = file('wrong.pem', stranger.certificate);
    for (const tls of [{ caFile: wrongCa }, {}]) {
      await assert.rejects(call(open(server, tls)), isUnavailable);
    }
  });

  it('asks for the name it was given, instead of the host of the address', async () => {
    const server = await serve();
    const caFile = file('ca.pem', authority.certificate);
    assert.deepEqual(await call(open(server, { caFile, serverName: 'holdfast.test' })), request);
    const wrong = open(server, { caFile, serverName: 'other.test' });
    await assert.rejects(call(wrong), isUnavailable);
  });

  it('shows its own certificate where the server asks for one', async () => {
    const server = await serve(authority.certificate);
    const caFile = file('ca.pem', authority.certificate);
    await assert.rejects(call(open(server, { caFile })), isUnavailable);
    const tls = clientFiles(await authority.client('client'));
    assert.deepEqual(await call(open(server, { caFile, ...tls })), request);
  });

  it('takes up replaced certificates without being opened anew', async () => {
    const server = await serve(authority.certificate);
    const caFile = file('ca.pem', authority.certificate);
    const channel = open(server, { caFile, ...clientFiles(await stranger.client('client')) });
    await assert.rejects(call(channel), isUnavailable);
    clientFiles(await authority.client('client'));
    await waitUntil(
      'the call succeeds',
      () => call(channel).then(String),
      (response) => response === 'request',
    );
  });

  it('says which certificate file cannot be read, and that a key is missing', () => {
    const missing = join(directory, 'missing.pem');
    assert.throws(
      () => openChannel({ address: 'localhost:1', tls: { caFile: missing } }),
      /^Error: the certificate file .*missing\.pem cannot be read$/,
    );
    const certificateFile = file('client.pem', '');
    assert.throws(
      () => openChannel({ address: 'localhost:1', tls: { certificateFile } }),
      /private key/,
    );
  });
});

function isUnavailable(error: unknown): boolean {
  return error instanceof RpcError && error.code === status.UNAVAILABLE;
}
