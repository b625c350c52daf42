import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { portsFrom } from '../../../deploy/local/ports.js';
import type { RedisPlan } from '../../../deploy/local/redis/plan-redis.js';
import { planServices, type ServicePlan } from '../../../deploy/local/service-plan.js';
import { welcomeText } from '../../../deploy/local/welcome-text.js';

const folder = { path: '/d', rows: '/d/rows', blobs: '/d/blobs', redis: '/d/redis' };
const ports = portsFrom(7_100);
const own: RedisPlan = {
  kind: 'own',
  program: '/usr/bin/redis-server',
  access: { folder: folder.redis, port: ports.redis, password: 'c0ffee' },
};
const given: RedisPlan = { kind: 'given', url: 'rediss://user:secret-word@redis.example:6379' };

function plansOf(redis: RedisPlan, environment: NodeJS.ProcessEnv = {}): readonly ServicePlan[] {
  return planServices({ ports, folder, redis, drainSeconds: 3, environment });
}

function planOf(name: string, plans: readonly ServicePlan[]): ServicePlan {
  const plan = plans.find((candidate) => candidate.name === name);
  assert.ok(plan, name);
  return plan;
}

describe('what the start runs', () => {
  it('is Redis, which goes last, then the store, the workers, and the gateway, which goes first', () => {
    const names = plansOf(own).map(({ name }) => name);
    assert.deepEqual(names, ['redis', 'tiered-store', 'cleanup-worker', 'sweeper', 'gateway']);
    assert.ok(plansOf(own).every(({ entry }) => existsSync(entry)));
  });

  it('is no Redis where one is given', () => {
    const names = plansOf(given).map(({ name }) => name);
    assert.deepEqual(names, ['tiered-store', 'cleanup-worker', 'sweeper', 'gateway']);
  });

  it('listens on ports of its own, on loopback only', () => {
    const all = Object.values<number>({ ...ports });
    assert.deepEqual(all, [7_100, 7_101, 7_110, 7_111, 7_120, 7_121, 7_130, 7_131, 7_140]);
    for (const [name, port] of [
      ['cleanup-worker', 7_120],
      ['sweeper', 7_130],
    ] as const) {
      const { environment } = planOf(name, plansOf(own));
      assert.equal(environment['HOLDFAST_LISTEN__HOST'], '127.0.0.1');
      assert.equal(environment['HOLDFAST_LISTEN__PORT'], String(port));
      assert.equal(environment['HOLDFAST_HTTP__HOST'], '127.0.0.1');
      assert.equal(environment['HOLDFAST_HTTP__PORT'], String(port + 1));
      assert.equal(environment['HOLDFAST_TIERED_STORE__ADDRESSES'], '127.0.0.1:7110');
    }
  });

  it('uses the Redis in the store and in the workers, and the gateway knows nothing of it', () => {
    for (const redis of [own, given]) {
      const plans = plansOf(redis);
      const url = redis.kind === 'own' ? 'redis://default:c0ffee@127.0.0.1:7140' : redis.url;
      for (const name of ['tiered-store', 'cleanup-worker', 'sweeper']) {
        assert.equal(planOf(name, plans).environment['HOLDFAST_QUEUE__URL'], url);
      }
      const settings = Object.keys(planOf('gateway', plans).environment);
      assert.deepEqual(
        settings.filter((name) => name.includes('QUEUE')),
        [],
      );
    }
  });

  it('passes on how the given Redis is spoken to, and to our own nothing of it', () => {
    const environment = {
      HOLDFAST_QUEUE__URL: 'redis://other:1',
      HOLDFAST_QUEUE__PREFIX: '{mine}',
      HOLDFAST_QUEUE__TLS__CA_FILE: '/ca.pem',
      HOLDFAST_QUEUE__OTHER: '1',
    };
    const queueOf = (redis: RedisPlan): unknown =>
      Object.fromEntries(
        Object.entries(planOf('tiered-store', plansOf(redis, environment)).environment).filter(
          ([name]) => name.includes('QUEUE'),
        ),
      );
    assert.deepEqual(queueOf(given), {
      HOLDFAST_QUEUE__URL: given.url,
      HOLDFAST_QUEUE__PREFIX: '{mine}',
      HOLDFAST_QUEUE__TLS__CA_FILE: '/ca.pem',
    });
    assert.deepEqual(queueOf(own), {
      HOLDFAST_QUEUE__URL: 'redis://default:c0ffee@127.0.0.1:7140',
    });
  });

  it('is told of the settings of the caller only those that are for all', () => {
    const environment = {
      PATH: '/bin',
      HOLDFAST_LOG__LEVEL: 'debug',
      HOLDFAST_TRACING__ENDPOINT: 'http://127.0.0.1:4318',
      HOLDFAST_LISTEN__HOST: '0.0.0.0',
      HOLDFAST_SHUTDOWN__DRAIN_MS: '1',
    };
    for (const { name, environment: told } of plansOf(own, environment).slice(1)) {
      assert.equal(told['PATH'], '/bin', name);
      assert.equal(told['HOLDFAST_LOG__LEVEL'], 'debug', name);
      assert.equal(told['HOLDFAST_TRACING__ENDPOINT'], 'http://127.0.0.1:4318', name);
      assert.equal(told['HOLDFAST_LISTEN__HOST'], '127.0.0.1', name);
      assert.equal(told['HOLDFAST_SHUTDOWN__DRAIN_MS'], '3000', name);
    }
  });

  it('lets whoever is on this machine retry on the dashboard, and cleans up as fast as it can', () => {
    const settings = {
      HOLDFAST_DASHBOARD__WRITABLE: 'true',
      HOLDFAST_CLEANING__SETTLES_PER_SECOND_MAX: '0',
      HOLDFAST_CLEANING__RECLAIMS_PER_SECOND_MAX: '0',
    };
    for (const { name, environment } of plansOf(own)) {
      for (const [setting, value] of Object.entries(settings)) {
        assert.equal(environment[setting], name === 'cleanup-worker' ? value : undefined, name);
      }
    }
  });

  it('starts Redis without its password on a command line or in an environment', () => {
    const { args, environment } = planOf('redis', plansOf(own));
    assert.ok(!JSON.stringify([args, environment]).includes('c0ffee'));
  });
});

describe('what the start says when all is up', () => {
  it('is where everything is, the dashboard too', () => {
    const text = welcomeText(ports, folder, own);
    for (const port of [7_100, 7_110, 7_120, 7_130]) {
      assert.ok(text.includes(`gRPC 127.0.0.1:${port} `));
    }
    for (const port of [7_101, 7_111, 7_121, 7_131]) {
      assert.ok(text.includes(`http://127.0.0.1:${port}/metrics\n`));
    }
    assert.match(text, /^ {2}http:\/\/127\.0\.0\.1:7121\/queues$/m);
    assert.ok(text.includes('127.0.0.1:7140'));
    assert.ok(text.includes('/d'));
  });

  it('has no password in it', () => {
    assert.ok(!welcomeText(ports, folder, own).includes('c0ffee'));
    assert.ok(!welcomeText(ports, folder, given).includes('secret-word'));
  });

  it('names the address in the commands only where it is not the usual one', () => {
    assert.ok(!welcomeText(ports, folder, own).includes('--address'));
    assert.ok(welcomeText(portsFrom(7_300), folder, own).includes('--address 127.0.0.1:7300'));
  });
});
