import { isLoopback, Secret, StartupError } from '@holdfast/service-kit';
import assert from 'node:assert/strict';
import {
  createProof,
  requiredCredentials,
} from '../../../services/cleanup-worker/src/dashboard/credentials.js';
import { dashboardSettings } from '../../../services/cleanup-worker/src/dashboard/dashboard-settings.js';
import { hostNameOf } from '../../../services/cleanup-worker/src/dashboard/host-name.js';

const password = new Secret('open, sesame');

describe('who may open the dashboard', () => {
  it('is whoever is on this machine where nobody else reaches it', () => {
    for (const host of ['127.0.0.1', '127.9.9.9', '::1', 'localhost', 'LOCALHOST']) {
      assert.equal(requiredCredentials({ host }), undefined, host);
    }
  });

  it('is nobody where others reach it and no credentials are set, and what to set is said', () => {
    for (const host of [
      '0.0.0.0',
      '::',
      '10.0.0.1',
      'worker.internal',
      '127.1',
      'localhost.evil',
    ]) {
      assert.throws(
        () => requiredCredentials({ host }),
        (error) => {
          assert.ok(error instanceof StartupError);
          assert.equal(
            error.message,
            `others can reach the queue dashboard on ${host}: set dashboard.username and ` +
              'dashboard.password, or dashboard.enabled to false, or http.host to 127.0.0.1',
          );
          return true;
        },
      );
    }
  });

  it('is who knows both, also on this machine', () => {
    for (const host of ['127.0.0.1', '0.0.0.0']) {
      const credentials = requiredCredentials({ host, username: 'ada', password });
      assert.deepEqual(credentials, { username: 'ada', password });
    }
  });

  it('needs both or neither', () => {
    const host = '127.0.0.1';
    assert.throws(() => requiredCredentials({ host, username: 'ada' }), {
      name: 'StartupError',
      message: 'dashboard.username needs dashboard.password',
    });
    assert.throws(() => requiredCredentials({ host, password }), {
      name: 'StartupError',
      message: 'dashboard.password needs dashboard.username',
    });
  });

  it('is proved by name and password together', () => {
    const proof = createProof({ username: 'ada', password: new Secret('päss:word') });
    const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;
    assert.equal(proof(basic('ada:päss:word')), 'ada');
    assert.equal(proof(basic('ada:päss:word').replace('Basic', 'bAsIc')), 'ada');
    for (const header of [
      undefined,
      '',
      'Basic',
      'Basic ',
      'Basic !',
      basic(''),
      basic(':'),
      basic('ada'),
      basic('ada:'),
      basic('ada:päss'),
      basic('ada:päss:word '),
      basic('Ada:päss:word'),
      basic('ada:päss:word').replace('Basic', 'Bearer'),
      `${basic('ada:päss:word')}, ${basic('ada:päss:word')}`,
    ]) {
      assert.equal(proof(header), undefined, header);
    }
  });

  it('is set with a name that a browser can send, and a password that is not shown', () => {
    const settings = dashboardSettings();
    const read = settings.parse({ username: 'ada', password: 'open, sesame' });
    assert.deepEqual(JSON.parse(JSON.stringify(read)), {
      enabled: true,
      username: 'ada',
      password: '[secret]',
      writable: false,
    });
    for (const username of ['', 'a:b', 'a\nb', 'x'.repeat(65)]) {
      assert.equal(settings.safeParse({ username }).success, false, username);
    }
  });
});

describe('a name of this machine', () => {
  it('is told from all others', () => {
    for (const host of [
      'localhost',
      'a.localhost',
      '127.0.0.1',
      '127.255.0.3',
      '::1',
      '::ffff:127.0.0.1',
    ]) {
      assert.equal(isLoopback(host), true, host);
    }
    for (const host of [
      '',
      'evil.example',
      'localhost.example',
      '127.0.0.1.example',
      '128.0.0.1',
      '::',
      '::2',
      '::ffff:10.0.0.1',
      '127',
      '2130706433',
    ]) {
      assert.equal(isLoopback(host), false, host);
    }
  });

  it('is read from a Host header with or without a port', () => {
    assert.equal(hostNameOf('127.0.0.1:7121'), '127.0.0.1');
    assert.equal(hostNameOf('localhost'), 'localhost');
    assert.equal(hostNameOf('[::1]:7121'), '::1');
    for (const header of [
      '',
      ':7121',
      'a b',
      'localhost:',
      '[::1',
      'user@localhost',
      '127.0.0.1/x',
    ]) {
      assert.equal(hostNameOf(header), undefined, header);
    }
  });
});
