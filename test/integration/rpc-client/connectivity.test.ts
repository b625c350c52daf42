import assert from 'node:assert/strict';
import { status } from '@grpc/grpc-js';
import { openChannel, RpcError, type RpcChannel } from '@holdfast/rpc';
import { waitUntil } from '../../support/cluster-wait.js';
import {
  createTally,
  methods,
  startMuteServer,
  startTestServer,
  unusedPort,
  type TestServer,
} from './test-server.js';

const request = Buffer.from('request');
const soon = (ms: number): number => Date.now() + ms;

describe('a channel', () => {
  const servers: TestServer[] = [];
  const channels: RpcChannel[] = [];

  async function serve(port = 0): Promise<TestServer> {
    const server = await startTestServer({ unary: (_, answer) => answer(null, request) }, { port });
    servers.push(server);
    return server;
  }

  function open(address: string): RpcChannel {
    const channel = openChannel({ address });
    channels.push(channel);
    return channel;
  }

  afterEach(() => {
    for (const channel of channels.splice(0)) channel.close();
    for (const server of servers.splice(0)) server.kill();
  });

  it('is idle until it is used, or told to connect', async () => {
    const { address } = await serve();
    const channel = open(address);
    assert.equal(channel.address, address);
    assert.equal(channel.state(), 'idle');
    channel.connect();
    assert.equal(await channel.waitForReady(soon(10_000)), true);
    assert.equal(channel.state(), 'ready');
  });

  it('waits for a server that comes up later', async () => {
    const port = await unusedPort();
    const waiting = open(`127.0.0.1:${port}`).waitForReady(soon(10_000));
    await serve(port);
    assert.equal(await waiting, true);
  });

  it('gives up waiting at the deadline, whether the port is closed or mute', async () => {
    const mute = await startMuteServer();
    for (const address of [`127.0.0.1:${await unusedPort()}`, mute.address]) {
      const begun = Date.now();
      assert.equal(await open(address).waitForReady(begun + 200), false);
      assert(Date.now() - begun >= 195);
    }
    mute.close();
  });

  it('that was told to connect comes back by itself when its server was away', async () => {
    const first = await serve();
    const channel = open(first.address);
    channel.connect();
    channel.connect();
    await channel.waitForReady(soon(10_000));
    first.kill();
    await waitUntil(
      'the channel is cut off',
      () => channel.state(),
      (state) => state !== 'ready',
    );
    await serve(first.port);
    await waitUntil(
      'the channel is back',
      () => channel.state(),
      (state) => state === 'ready',
    );
  });

  it('closes without touching another one to the same address', async () => {
    const { address } = await serve();
    const [one, other] = [open(address), open(address)];
    await one.unary(methods.unary, request, {});
    await other.unary(methods.unary, request, {});
    one.close();
    assert.deepEqual(await other.unary(methods.unary, request, {}), request);
    assert.equal(one.state(), 'failing');
    assert.equal(other.state(), 'ready');
  });

  it('lets the calls end that run when it closes', async () => {
    const answers: (() => void)[] = [];
    const arrived = createTally();
    const server = await startTestServer({
      unary(_, answer) {
        answers.push(() => answer(null, request));
        arrived.add();
      },
    });
    servers.push(server);
    const channel = open(server.address);
    const running = channel.unary(methods.unary, request, {});
    await arrived.reaches(1);
    channel.close();
    for (const answer of answers) answer();
    assert.deepEqual(await running, request);
  });

  it('spreads calls over all addresses of a name', async () => {
    const { port } = await serve();
    const channel = open(`dns:localhost:${port}`);
    assert.equal(await channel.waitForReady(soon(10_000)), true);
    assert.deepEqual(await channel.unary(methods.unary, request, {}), request);
  });

  it('to a name nobody has is UNAVAILABLE', async () => {
    const channel = open('dns:no-such-host.invalid:7100');
    await assert.rejects(
      channel.unary(methods.unary, request, { deadline: soon(10_000) }),
      (error) => error instanceof RpcError && error.code === status.UNAVAILABLE,
    );
  });
});
