import assert from 'node:assert/strict';
import {
  endInTime,
  type ServiceEnd,
  type ServiceProcess,
} from '../../../deploy/local/service-process.js';
import { stopServices } from '../../../deploy/local/stop-services.js';

const killed: ServiceEnd = { code: null, signal: 'SIGKILL' };
const longMs = 60_000;

describe('the end of a service', () => {
  it('is late when it comes because nobody waits any longer', async () => {
    let kill = (): void => {};
    const ended = new Promise<ServiceEnd>((resolve) => {
      kill = () => resolve(killed);
    });
    assert.deepEqual(await endInTime(ended, 1, kill), { ...killed, isLate: true });
  });

  it('is not late when somebody else has killed it, before or meanwhile', async () => {
    const kill = (): void => assert.fail('it has ended');
    assert.deepEqual(await endInTime(Promise.resolve(killed), longMs, kill), killed);
    const meanwhile = new Promise<ServiceEnd>((resolve) => setImmediate(resolve, killed));
    assert.deepEqual(await endInTime(meanwhile, longMs, kill), killed);
  });
});

describe('the stop of all services', () => {
  async function stopOf(
    end: ServiceEnd,
  ): Promise<{ readonly exitCode: number; readonly said: readonly string[] }> {
    const said: string[] = [];
    const never = new AbortController().signal;
    const service: ServiceProcess = {
      name: 'redis',
      ended: Promise.resolve(end),
      stop: () => Promise.resolve(end),
      kill: () => undefined,
    };
    const exitCode = await stopServices([service], {
      drainMsMax: longMs,
      stop: { asked: never, insisted: never },
      say: (line) => void said.push(line),
      haveServed: true,
    });
    return { exitCode, said };
  }

  it('says which one did not end in time, and not of one that was killed before', async () => {
    assert.deepEqual(await stopOf({ ...killed, isLate: true }), {
      exitCode: 1,
      said: ['redis did not end in time and was killed'],
    });
    assert.deepEqual(await stopOf(killed), { exitCode: 1, said: [] });
    assert.deepEqual(await stopOf({ code: 0, signal: null }), { exitCode: 0, said: [] });
  });
});
