import { createClient } from '@holdfast/client';
import { credentials } from '@grpc/grpc-js';
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createCertificateAuthority,
  writeCertificate,
  type Certificate,
  type CertificateAuthority,
} from '../support/certificates.js';
import { createCluster, type Cluster } from '../support/cluster.js';
import { failed, openLoaderClient } from '../support/loader-client.js';
import { chunksOf, finishOf, MiB, randomPayload } from '../support/loader-payloads.js';

const callMsMax = 10_000;

describe('mutual TLS from the caller to the tiered store', () => {
  let folder: string;
  let authority: CertificateAuthority;
  let caller: Certificate;
  let cluster: Cluster;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-tls-'));
    authority = await createCertificateAuthority('holdfast e2e');
    const caFile = join(folder, 'ca.pem');
    await writeFile(caFile, authority.certificate);
    const write = (name: string, certificate: Certificate) =>
      writeCertificate(join(folder, name), certificate);
    const store = await write('store', await authority.server('tiered-store'));
    const gateway = await write('gateway', await authority.server('gateway'));
    const upstream = await write('upstream', await authority.client('gateway'));
    caller = await authority.client('caller');
    await write('caller', caller);
    cluster = await createCluster({
      tieredStore: serverSettings(store, caFile),
      gateway: {
        ...serverSettings(gateway, caFile),
        HOLDFAST_TIERED_STORE__TLS__CA_FILE: caFile,
        HOLDFAST_TIERED_STORE__TLS__CERTIFICATE_FILE: upstream.certificateFile,
        HOLDFAST_TIERED_STORE__TLS__PRIVATE_KEY_FILE: upstream.privateKeyFile,
      },
    });
    await cluster.tieredStore.start();
    await cluster.gateway.start();
  });

  after(async () => {
    await cluster.close();
    await rm(folder, { recursive: true });
  });

  function credentialsOf(ca: CertificateAuthority, own?: Certificate) {
    const root = Buffer.from(ca.certificate);
    if (own === undefined) return credentials.createSsl(root);
    const [key, chain] = [Buffer.from(own.privateKey), Buffer.from(own.certificate)];
    return credentials.createSsl(root, key, chain);
  }

  it('carries payloads both ways', async () => {
    const client = openLoaderClient(cluster.gateway.address, credentialsOf(authority, caller));
    for (const size of [100, 3 * MiB]) {
      const payload = randomPayload(size);
      const objectId = { usecase: 'tls', key: String(size) };
      await client.put({ objectId }, chunksOf(payload), finishOf(payload));
      assert.ok((await client.get({ objectId })).payload.equals(payload));
    }
    client.close();
  });

  it('works with the client library', async () => {
    const client = createClient({
      address: cluster.gateway.address,
      tls: {
        caFile: join(folder, 'ca.pem'),
        certificateFile: join(folder, 'caller', 'certificate.pem'),
        privateKeyFile: join(folder, 'caller', 'private-key.pem'),
      },
    });
    await client.put({ usecase: 'tls', key: 'library' }, 'over TLS');
    assert.equal(await (await client.get({ usecase: 'tls', key: 'library' })).text(), 'over TLS');
    await client.close();
  });

  it('refuses callers without a certificate, or with one of somebody else, at both', async () => {
    const stranger = await createCertificateAuthority('somebody else');
    const ways = [
      credentials.createInsecure(),
      credentialsOf(authority),
      credentialsOf(authority, await stranger.client('caller')),
      credentialsOf(stranger, caller),
    ];
    for (const { address } of [cluster.gateway, cluster.tieredStore]) {
      for (const [index, way] of ways.entries()) {
        const client = openLoaderClient(address, way);
        const request = { objectId: { usecase: 'tls', key: 'library' } };
        const call = client.unary(['object', 'HeadObject'], request, {
          deadline: Date.now() + callMsMax,
        });
        assert.equal((await failed(call)).code, 'UNAVAILABLE', `${address}, way ${index}`);
        client.close();
      }
    }
  });
});

function serverSettings(
  files: { readonly certificateFile: string; readonly privateKeyFile: string },
  caFile: string,
) {
  return {
    HOLDFAST_TLS__CERTIFICATE_FILE: files.certificateFile,
    HOLDFAST_TLS__PRIVATE_KEY_FILE: files.privateKeyFile,
    HOLDFAST_TLS__CLIENT_CA_FILE: caFile,
  };
}
