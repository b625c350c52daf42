import { createLogger, Secret } from '@holdfast/service-kit';
import fc from 'fast-check';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { sourceFlags } from '../../support/child-process.js';
import { recordingLogger } from './recording-logger.js';

describe('the logger', () => {
  it('writes one line of JSON for each thing said, with its time, level and service', () => {
    const { logger, text, lines } = recordingLogger();
    logger.info({ bytes: 3, key: 'a\nb' }, 'stored');
    assert.equal(text().split('\n').length, 2);
    const [line] = lines();
    assert.match(String(line?.['time']), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    const { level, service, message, bytes, key } = line ?? {};
    assert.deepEqual(
      { level, service, message, bytes, key },
      { level: 'info', service: 'test', message: 'stored', bytes: 3, key: 'a\nb' },
    );
  });

  it('says nothing below its level', () => {
    const { logger, lines } = recordingLogger('warn');
    logger.debug({}, 'debug');
    logger.info({}, 'info');
    logger.warn({}, 'warn');
    logger.error({}, 'error');
    assert.deepEqual(
      lines().map((line) => line['message']),
      ['warn', 'error'],
    );
    assert.deepEqual([logger.isEnabled('info'), logger.isEnabled('warn')], [false, true]);
  });

  it('adds the fields of a child to each of its lines', () => {
    const { logger, lines } = recordingLogger();
    const child = logger.child({ part: 'sweeper', apiKey: 'hunter2hunter2' }).child({ run: 7 });
    child.info({ n: 1 }, 'x');
    const { part, apiKey, run, n } = lines()[0] ?? {};
    assert.deepEqual(
      { part, apiKey, run, n },
      { part: 'sweeper', apiKey: '[redacted]', run: 7, n: 1 },
    );
  });

  it('tells an error with its code, its stack and its causes', () => {
    const { logger, lines } = recordingLogger();
    const root = Object.assign(new Error('no space left'), { code: 'ENOSPC' });
    const error = new TypeError('cannot store', { cause: new Error('flush', { cause: root }) });
    logger.error({ cause: error }, 'failed');
    const told = lines()[0]?.['cause'] as Record<string, unknown>;
    assert.equal(told['type'], 'TypeError');
    assert.match(String(told['stack']), /logger\.test/);
    const inner = (told['cause'] as Record<string, unknown>)['cause'] as Record<string, unknown>;
    assert.deepEqual([inner['message'], inner['code']], ['no space left', 'ENOSPC']);
  });

  const password = 'correct-horse-battery';
  const places: Record<string, Record<string, unknown>> = {
    'a field': { password },
    'a nested field': { redis: { options: { Password: password } } },
    'a header': { headers: { Authorization: `Bearer ${password}`, cookie: `session=${password}` } },
    'a header with dashes': { headers: { 'x-api-key': password, 'proxy-authorization': password } },
    'a map': { metadata: new Map([['authorization', [password]]]) },
    'a list': { entries: [{ clientSecret: password }] },
    'a URL in a text': { why: `cannot reach redis://holdfast:${password}@10.0.0.1:6379/0` },
    'a URL with an @ in its password': { why: `redis://holdfast:p@${password}@10.0.0.1/0` },
    'a URL': { url: new URL(`https://user:${password}@example.test/x`) },
    'a bearer in a text': { why: `refused: Authorization: Bearer ${password}` },
    'an assignment in a text': { why: `bad line: password=${password}` },
    'JSON in a text': { why: `{"token":"${password}"}` },
    'a private key': {
      why: `-----BEGIN PRIVATE KEY-----\n${password}\n-----END PRIVATE KEY-----`,
    },
    'a secret setting': { settings: { plain: new Secret(password) } },
    'the message of an error': { cause: new Error(`redis://:${password}@host:1 refused`) },
    'the cause of an error': {
      cause: new Error('x', { cause: Object.assign(new Error('y'), { config: { password } }) }),
    },
    'a payload': { payload: Buffer.from(password), more: new TextEncoder().encode(password) },
    'an instance of a class': {
      client: new (class Client {
        auth = password;
      })(),
    },
  };
  for (const [where, fields] of Object.entries(places)) {
    it(`never writes a secret in ${where}`, () => {
      const { logger, text } = recordingLogger();
      logger.error(fields, 'x');
      logger.child(fields).error({}, 'x');
      assert.equal(text().split('\n').length, 3);
      assert.ok(!text().includes(password), text());
      // Bytes would be written as numbers.
      assert.ok(!text().includes('99,111,114'), text());
    });
  }

  it('never writes a secret in its message', () => {
    const { logger, text } = recordingLogger();
    logger.warn({}, `cannot reach redis://:${password}@host`);
    assert.ok(!text().includes(password));
  });

  it('hides a secret however it is printed', () => {
    const secret = new Secret(password);
    assert.equal(
      `${String(secret)} ${JSON.stringify({ secret })}`,
      '[secret] {"secret":"[secret]"}',
    );
    assert.equal(secret.reveal(), password);
  });

  it('tells bytes by their number, and keeps a line bounded', () => {
    const { logger, text, lines } = recordingLogger();
    const endless: Record<string, unknown> = { list: Array.from({ length: 10_000 }, () => 'x') };
    endless['self'] = endless;
    logger.info({ payload: new Uint8Array(5), text: 'y'.repeat(1_000_000), endless }, 'x');
    assert.equal(lines()[0]?.['payload'], '[5 bytes]');
    let wide: unknown = 'leaf';
    for (let depth = 0; depth < 5; depth += 1) wide = Array.from({ length: 20 }, () => wide);
    logger.info({ wide }, 'x');
    assert.ok(text().length < 50_000, `${text().length} characters`);
  });

  it('never throws, and writes a line of JSON for whatever it is given', () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.string(),
          fc.anything({
            withBigInt: true,
            withDate: true,
            withMap: true,
            withSet: true,
            withTypedArray: true,
          }),
        ),
        fc.string(),
        (fields, message) => {
          const { logger, lines, text } = recordingLogger();
          logger.info(fields, message);
          assert.equal(lines().length, 1);
          assert.equal(text().indexOf('\n'), text().length - 1);
        },
      ),
    );
  });

  it('writes lines for people, in which a caller can neither begin a line nor colour it', () => {
    const written: string[] = [];
    const destination = { write: (line: string) => written.push(line) };
    const logger = createLogger({ level: 'info', service: 'x', format: 'pretty' }, destination);
    logger.info({ key: 'a\nb\u001b[31m' }, 'stored\nERROR forged');
    logger.error({ cause: new Error('no disk') }, 'failed');
    const [first = '', second = ''] = written;
    assert.match(first, /^[\d:.]{12} INFO {2}stored\\x0aERROR forged key="a\\nb\\u001b\[31m"\n$/);
    assert.match(
      second,
      /^[\d:.]{12} ERROR failed cause=\{.*"message":"no disk"\}\n {4}Error: no disk/,
    );
  });

  it('writes its last lines before the process exits', () => {
    const script = `import('@holdfast/service-kit').then(({ createLogger }) => {
      const logger = createLogger({ level: 'info', service: 'x', format: 'json' });
      for (let n = 0; n < 2000; n += 1) logger.info({ n }, 'line');
      process.exit(3);
    })`;
    const args = [...sourceFlags, '--eval', script];
    const { status, stdout } = spawnSync(process.execPath, args, { timeout: 30_000 });
    assert.equal(status, 3);
    assert.equal(stdout.toString().trim().split('\n').length, 2_000);
  });
});
