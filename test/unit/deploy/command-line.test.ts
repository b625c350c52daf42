import assert from 'node:assert/strict';
import { helpText, parseCommandLine } from '../../../deploy/local/command-line.js';
import { StartFailure } from '../../../deploy/local/start-failure.js';

const exitCodeWrongUsage = 2;

function settingsOf(argv: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  const command = parseCommandLine(argv, environment);
  assert.ok(command.kind === 'start');
  return command.settings;
}

function refuses(argv: readonly string[], line: RegExp): void {
  assert.throws(
    () => parseCommandLine(argv, {}),
    (error) =>
      error instanceof StartFailure &&
      error.exitCode === exitCodeWrongUsage &&
      line.test(error.message),
  );
}

describe('the command line of the start', () => {
  it('may be empty', () => {
    assert.deepEqual(settingsOf([]), {
      data: 'data',
      port: 7_100,
      drainSeconds: 25,
      redisUrl: undefined,
    });
  });

  it('says where the data is, which ports are taken and how long calls may go on', () => {
    const { data, port, drainSeconds } = settingsOf(
      '--data /srv/holdfast --port 7200 --drain 3'.split(' '),
    );
    assert.deepEqual(
      { data, port, drainSeconds },
      {
        data: '/srv/holdfast',
        port: 7_200,
        drainSeconds: 3,
      },
    );
  });

  it('takes the URL of a Redis, or else that of the environment', () => {
    const environment = { HOLDFAST_QUEUE__URL: 'redis://10.0.0.1:6379' };
    assert.equal(settingsOf([], environment).redisUrl, 'redis://10.0.0.1:6379');
    const flag = ['--redis', 'redis://10.0.0.2:6379'];
    assert.equal(settingsOf(flag, environment).redisUrl, 'redis://10.0.0.2:6379');
    assert.equal(settingsOf([], { HOLDFAST_QUEUE__URL: '' }).redisUrl, undefined);
    refuses(['--redis', ''], /^--redis needs a URL/);
  });

  it('takes no port that leaves no room for the others', () => {
    assert.equal(settingsOf(['--port', '65495']).port, 65_495);
    refuses(['--port', '65496'], /^--port is "65496", it has to be a number from 1 to 65495;/);
    refuses(['--port', '0'], /^--port is "0"/);
    refuses(['--port', '7100x'], /^--port is "7100x"/);
  });

  it('takes nothing else', () => {
    refuses(['--prot', '7000'], /^Unknown option '--prot'; --help says what there is$/);
    refuses(['more'], /more/);
    refuses(['--data', ''], /^--data needs the name of a folder/);
    refuses(['--drain', '601'], /^--drain is "601", it has to be a number from 1 to 600;/);
  });

  it('is explained by --help, with every flag and the ports that are taken', () => {
    assert.deepEqual(parseCommandLine(['--help'], {}), { kind: 'help' });
    assert.deepEqual(parseCommandLine(['-h', '--port', 'none'], {}), { kind: 'help' });
    for (const flag of ['--data DIR', '--port N', '--redis URL', '--drain SECONDS', '--help']) {
      assert.ok(helpText.includes(flag), flag);
    }
    assert.match(
      helpText,
      /N\+1, N\+10, N\+11, N\+20, N\+21,\s+N\+30, N\+31 and, for Redis, N\+40/,
    );
  });
});
