import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../support/cluster-ports.js';
import { createClusterService, type ClusterService } from '../support/cluster-service.js';
import { waitUntil } from '../support/cluster-wait.js';
import { sampleBytes } from '../support/engine/payloads.js';
import {
  get,
  head,
  openBatch,
  openClient,
  messageId,
  put,
  uploadOf,
} from './tiered-store-process.js';

const large = sampleBytes(2 * 1024 * 1024 + 1);
const small = sampleBytes(2_000);

describe('A tiered store as a process', () => {
  let folder: string;
  let store: ClusterService;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-tiered-store-'));
    const [port = 0, httpPort = 0] = await freePorts(2);
    store = createClusterService({
      name: 'tiered-store',
      port,
      httpPort,
      settings: {
        HOLDFAST_STORAGE__HIGH_VOLUME__DIRECTORY: join(folder, 'rows'),
        HOLDFAST_STORAGE__LONG_TERM__DIRECTORY: join(folder, 'blobs'),
      },
    });
  });
  afterEach(async () => {
    if (store.isRunning()) await store.kill();
    await rm(folder, { recursive: true });
  });

  it('has everything that it acknowledged after it was killed', async () => {
    await store.start();
    const client = openClient(store.address);
    await put(client, uploadOf('small', small));
    await put(client, uploadOf('large', large));
    const batch = openBatch(client);
    const header = { objectId: messageId('batched') };
    batch.send({ index: 1, operation: { $case: 'put', value: { header, payload: small } } });
    assert.equal((await batch.next()).outcome?.$case, 'put');
    await store.kill();
    assert.notEqual(await batch.ended, undefined);
    client.close();
    await store.start();
    const again = openClient(store.address);
    assert.deepEqual((await get(again, 'small')).bytes, Buffer.from(small));
    assert.deepEqual((await get(again, 'large')).bytes, Buffer.from(large));
    assert.deepEqual((await get(again, 'batched')).bytes, Buffer.from(small));
    again.close();
  });

  it('has nothing of an upload that it was killed in', async () => {
    await store.start();
    const client = openClient(store.address);
    const call = client.putObject(() => undefined);
    for (const message of uploadOf('torn', large).slice(0, -1)) call.write({ message });
    await waitUntil(
      'the upload is under way',
      () => store.metrics(),
      (text) => /^holdfast_operations_in_flight\{[^}]*\} 1$/m.test(text),
    );
    await store.kill();
    client.close();
    await store.start();
    const again = openClient(store.address);
    await assert.rejects(head(again, 'torn'), { reason: 'OBJECT_NOT_FOUND' });
    again.close();
  });

  it('ends with 0 when it is asked to, and says where it listened', async () => {
    await store.start();
    const { code } = await store.terminate();
    assert.equal(code, 0);
    const [, port = ''] = store.address.split(':');
    assert(store.lines.some((line) => line.includes('listening') && line.includes(port)));
  });

  const failures = [
    {
      name: 'a setting is wrong',
      settings: { HOLDFAST_LIMITS__QUEUE_MAX: '-1' },
      line: /limits\.queueMax .*allowed/,
    },
    {
      name: 'a setting is unknown',
      settings: { HOLDFAST_STORAGE__MIDDLE_TERM: 'x' },
      line: /storage\.middleTerm .*no setting/,
    },
    {
      name: 'a certificate is missing',
      settings: {
        HOLDFAST_TLS__CERTIFICATE_FILE: '/none/certificate.pem',
        HOLDFAST_TLS__PRIVATE_KEY_FILE: '/none/key.pem',
      },
      line: /\/none\/(certificate|key)\.pem/,
    },
  ];
  for (const { name, settings, line } of failures) {
    it(`does not start when ${name}, and says so in one line`, async () => {
      const { code } = await store.startInVain(settings);
      assert.equal(code, 78);
      const told = store.lines.filter((one) => one.startsWith('tiered-store: '));
      assert.equal(told.length, 1, store.lines.join('\n'));
      assert.match(told[0] ?? '', line);
    });
  }

  it('does not start in a folder that it cannot use, and says so in one line', async () => {
    await writeFile(join(folder, 'rows'), 'no directory');
    const { code } = await store.startInVain();
    assert.equal(code, 78);
    const told = store.lines.filter((one) => one.startsWith('tiered-store: '));
    assert.equal(told.length, 1, store.lines.join('\n'));
    assert.match(told[0] ?? '', /storage\.highVolume\.directory \S+rows cannot be used/);
  });

  it('does not start on a port that is in use, and says so in one line', async () => {
    await store.start();
    const [, port = ''] = store.address.split(':');
    const [httpPort = 0] = await freePorts(1);
    const second = createClusterService({
      name: 'tiered-store',
      port: Number(port),
      httpPort,
      settings: {
        HOLDFAST_STORAGE__HIGH_VOLUME__KIND: 'memory',
        HOLDFAST_STORAGE__LONG_TERM__KIND: 'memory',
      },
    });
    const { code } = await second.startInVain();
    assert.equal(code, 78);
    const told = second.lines.filter((one) => one.startsWith('tiered-store: '));
    assert.deepEqual(told, [`tiered-store: port ${port} on 127.0.0.1 is in use`]);
  });

  it('says that nothing in memory outlives it', async () => {
    await store.start({
      HOLDFAST_STORAGE__HIGH_VOLUME__KIND: 'memory',
      HOLDFAST_STORAGE__HIGH_VOLUME__DIRECTORY: '',
      HOLDFAST_STORAGE__LONG_TERM__KIND: 'memory',
      HOLDFAST_STORAGE__LONG_TERM__DIRECTORY: '',
    });
    const client = openClient(store.address);
    await put(client, uploadOf('kept for now', large));
    assert.deepEqual((await get(client, 'kept for now')).bytes, Buffer.from(large));
    client.close();
    assert(store.lines.some((line) => line.includes('nothing in memory outlives this process')));
  });
});
