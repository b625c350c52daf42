import { startRpcServer, unary } from '@holdfast/rpc';
import { systemClock } from '@holdfast/service-kit';
import assert from 'node:assert/strict';
import { head } from './byte-methods.js';
import { startTestServer } from './test-server.js';

const methods = [unary(head, (request) => Promise.resolve(request))];

describe('the port of the rpc server', () => {
  const start = (host: string, port: number): ReturnType<typeof startRpcServer> =>
    startRpcServer({ host, port, tls: undefined, limits: {} }, methods, {
      clock: systemClock,
      observer: { started: () => ({ traceparent: undefined, ended: () => undefined }) },
      requestIds: () => 'id',
    });

  it('is the one asked for, and free again after the end', async () => {
    const { port, close } = await startTestServer(methods);
    await close();
    const again = await start('127.0.0.1', port);
    assert.deepEqual(again.address, { host: '127.0.0.1', port });
    assert.equal(await again.close(0), 0);
  });

  it('is named in one line when it is in use', async () => {
    const { port, close } = await startTestServer(methods);
    await assert.rejects(start('127.0.0.1', port), {
      message: `port ${port} on 127.0.0.1 is in use`,
    });
    await close();
  });

  it('is named in one line when its host is none of this machine', async () => {
    await assert.rejects(start('192.0.2.1', 0), {
      message: '192.0.2.1 is not an address of this machine',
    });
    await assert.rejects(start('no-such-host.invalid', 0), /^Error: the host name no-such-host/);
  });
});
