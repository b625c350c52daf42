import {
  byteSize,
  durationMs,
  host,
  hostPort,
  loadSettings,
  port,
  Secret,
  secret,
  StartupError,
} from '@holdfast/service-kit';
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';

const tier = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('lmdb'), directory: z.string() }),
  z.object({ kind: z.literal('memory') }),
]);

/** Objects that would let unknown settings pass, as one writes them without thinking of it. */
const schema = z.object({
  listen: z.object({ host: host().default('127.0.0.1'), port: port().default(7100) }).prefault({}),
  storage: z
    .object({ highVolume: tier.default({ kind: 'lmdb', directory: './data/rows' }) })
    .prefault({}),
  limits: z
    .object({
      inFlightMax: z.int().min(1).max(10_000).default(500),
      bulkShare: z.number().gt(0).max(1).default(0.6),
      bufferBytes: byteSize({ bytesMin: 1_024 }).default(2 ** 28),
      waitMs: durationMs({ msMin: 1, msMax: 60_000 }).default(1_000),
    })
    .prefault({}),
  upstream: z.array(hostPort()).min(1).default(['127.0.0.1:7110']),
  log: z
    .object({
      level: z.enum(['debug', 'info']).default('info'),
      isPretty: z.boolean().default(false),
      label: z.string().max(8).optional(),
    })
    .prefault({}),
  password: secret().optional(),
  credentials: z.record(z.string(), secret()).default({}),
});

describe('settings', () => {
  let directory: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'holdfast-settings-'));
  });
  after(() => rmSync(directory, { recursive: true }));

  function file(yaml: string): string {
    const path = join(directory, 'settings.yaml');
    writeFileSync(path, yaml);
    return path;
  }

  function load(yaml = '', env: NodeJS.ProcessEnv = {}) {
    return loadSettings(schema, { argv: ['--config', file(yaml)], env });
  }

  /** The lines that the person who starts it sees. */
  function refused(yaml: string, env: NodeJS.ProcessEnv = {}): string[] {
    return linesOf(() => load(yaml, env)).map((line) => line.replaceAll(directory, '~'));
  }

  it('are the defaults when nothing is given', () => {
    const settings = loadSettings(schema, { argv: [], env: { PATH: '/bin', HOLDFAST: 'x' } });
    assert.deepEqual(settings, load('# nothing\n'));
    assert.deepEqual(settings.listen, { host: '127.0.0.1', port: 7100 });
    assert.deepEqual(settings.storage.highVolume, { kind: 'lmdb', directory: './data/rows' });
  });

  it('come from the file over the defaults, and from the environment over the file', () => {
    const settings = load('limits: { inFlightMax: 7, bulkShare: 0.5 }\nlisten: { port: 1 }', {
      HOLDFAST_LIMITS__IN_FLIGHT_MAX: '9',
    });
    assert.deepEqual(
      [settings.limits.inFlightMax, settings.limits.bulkShare, settings.listen.port],
      [9, 0.5, 1],
    );
  });

  it('from the environment become what the schema takes', () => {
    const settings = load('', {
      HOLDFAST_LISTEN__PORT: '0',
      HOLDFAST_LIMITS__BUFFER_BYTES: '64 KiB',
      HOLDFAST_LIMITS__WAIT_MS: '250',
      HOLDFAST_UPSTREAM: 'a.test:1, b.test:2',
      HOLDFAST_LOG__IS_PRETTY: 'true',
      HOLDFAST_LOG__LEVEL: 'debug',
      HOLDFAST_LOG__LABEL: '12',
      HOLDFAST_STORAGE__HIGH_VOLUME__KIND: 'memory',
      HOLDFAST_PASSWORD: '1234',
    });
    assert.equal(settings.listen.port, 0);
    assert.equal(settings.limits.bufferBytes, 65_536);
    assert.equal(settings.limits.waitMs, 250);
    assert.deepEqual(settings.upstream, ['a.test:1', 'b.test:2']);
    assert.deepEqual(settings.log, { level: 'debug', isPretty: true, label: '12' });
    assert.deepEqual(settings.storage.highVolume, { kind: 'memory' });
    assert.ok(settings.password instanceof Secret);
    assert.equal(settings.password.reveal(), '1234');
  });

  it('that are empty in the environment are as good as not given', () => {
    assert.equal(load('', { HOLDFAST_LISTEN__PORT: '' }).listen.port, 7100);
  });

  it('ignore variables of the command, of the tests and of Kubernetes', () => {
    load('', {
      HOLDFAST_ADDRESS: '127.0.0.1:7100',
      HOLDFAST_CLEANUP_WORKER: '127.0.0.1:7120',
      HOLDFAST_SWEEPER: '127.0.0.1:7130',
      HOLDFAST_REQUIRE_ALL: '1',
      HOLDFAST_GATEWAY_SERVICE_HOST: '10.0.0.1',
      HOLDFAST_GATEWAY_SERVICE_PORT: '7100',
      HOLDFAST_GATEWAY_SERVICE_PORT_GRPC: '7100',
      HOLDFAST_GATEWAY_PORT: 'tcp://10.0.0.1:7100',
      HOLDFAST_GATEWAY_PORT_7100_TCP: 'tcp://10.0.0.1:7100',
      HOLDFAST_GATEWAY_PORT_7100_TCP_ADDR: '10.0.0.1',
    });
  });

  describe('that are wrong are told on one line each', () => {
    const where = (line: number): string => `from ~/settings.yaml line ${line}`;
    const cases: Record<string, [string, NodeJS.ProcessEnv, ...string[]]> = {
      'an unknown one': [
        'limits:\n  inFlight: 3',
        {},
        `limits.inFlight (${where(2)}) is no setting; allowed here: bufferBytes, bulkShare, inFlightMax, waitMs`,
      ],
      'an unknown one at the top': [
        'limit: 3',
        {},
        `limit (${where(1)}) is no setting; allowed here: credentials, limits, listen, log, password, storage, upstream`,
      ],
      'an unknown one in the environment': [
        '',
        { HOLDFAST_LIMITS__IN_FLIGHT: '3' },
        'limits.inFlight (from HOLDFAST_LIMITS__IN_FLIGHT) is no setting; allowed here: bufferBytes, bulkShare, inFlightMax, waitMs',
      ],
      'an unknown group in the environment': [
        '',
        { HOLDFAST_LIMIT__IN_FLIGHT_MAX: '3' },
        'limit (from HOLDFAST_LIMIT__IN_FLIGHT_MAX) is no setting; allowed here: credentials, limits, listen, log, password, storage, upstream',
      ],
      'one of another kind of storage': [
        'storage:\n  highVolume:\n    kind: memory\n    directory: /x',
        {},
        `storage.highVolume.directory (${where(4)}) is no setting; allowed here: kind`,
      ],
      'a number that is too large': [
        'limits: { inFlightMax: 10001 }',
        {},
        `limits.inFlightMax (${where(1)}) is 10001; allowed: a whole number from 1 to 10000`,
      ],
      'a number that is not whole': [
        'limits: { inFlightMax: 1.5 }',
        {},
        `limits.inFlightMax (${where(1)}) is 1.5; allowed: a whole number from 1 to 10000`,
      ],
      'a number at its open end': [
        'limits: { bulkShare: 0 }',
        {},
        `limits.bulkShare (${where(1)}) is 0; allowed: a number above 0 to 1`,
      ],
      'a text for a number': [
        '',
        { HOLDFAST_LIMITS__IN_FLIGHT_MAX: 'many' },
        'limits.inFlightMax (from HOLDFAST_LIMITS__IN_FLIGHT_MAX) is "many"; allowed: a whole number from 1 to 10000',
      ],
      'a text for true or false': [
        'log: { isPretty: yes }',
        {},
        `log.isPretty (${where(1)}) is "yes"; allowed: true or false`,
      ],
      'a word that is not on the list': [
        'log: { level: loud }',
        {},
        `log.level (${where(1)}) is "loud"; allowed: "debug", "info"`,
      ],
      'a text that is too long': [
        'log: { label: much-too-long }',
        {},
        `log.label (${where(1)}) is "much-too-long"; allowed: Too big: expected string to have <=8 characters`,
      ],
      'a kind that does not exist': [
        'storage: { highVolume: { kind: floppy } }',
        {},
        `storage.highVolume.kind (${where(1)}) is "floppy"; allowed: "lmdb" or "memory"`,
      ],
      'one that is missing': [
        'storage: { highVolume: { kind: lmdb } }',
        {},
        'storage.highVolume.directory is missing; allowed: a text',
      ],
      'a duration': [
        'limits: { waitMs: 2 h }',
        {},
        `limits.waitMs (${where(1)}) is "2 h"; allowed: a duration such as "500 ms", "30 s" or "5 min", from 1 ms to 1 min`,
      ],
      'a size': [
        'limits: { bufferBytes: 5 apples }',
        {},
        `limits.bufferBytes (${where(1)}) is "5 apples"; allowed: a size such as "64 KiB" or "1 MiB", from 1 KiB up`,
      ],
      'a port': [
        'listen: { port: 70000 }',
        {},
        `listen.port (${where(1)}) is 70000; allowed: a port from 0 (any free one) to 65535`,
      ],
      'an entry of a list': [
        'upstream:\n  - a.test:1\n  - b.test',
        {},
        `upstream[1] (${where(3)}) is "b.test"; allowed: a host and a port such as 127.0.0.1:7110 or [::1]:7110`,
      ],
      'a list that is empty': [
        'upstream: []',
        {},
        `upstream (${where(1)}) is an empty list; allowed: a list, each entry a host and a port such as 127.0.0.1:7110 or [::1]:7110, at least 1`,
      ],
      'a group that is none': [
        'limits: 5',
        {},
        `limits (${where(1)}) is 5; allowed: a group of settings`,
      ],
      'a value that is no value': [
        'listen: { port: }',
        {},
        `listen.port (${where(1)}) is null; allowed: a port from 0 (any free one) to 65535`,
      ],
      'two of them': [
        'limits: { inFlightMax: 0 }\nlog: { color: red }',
        {},
        `log.color (${where(2)}) is no setting; allowed here: isPretty, label, level`,
        `limits.inFlightMax (${where(1)}) is 0; allowed: a whole number from 1 to 10000`,
      ],
    };
    for (const [what, [yaml, env, ...lines]] of Object.entries(cases)) {
      it(`: ${what}`, () => assert.deepEqual(refused(yaml, env), lines));
    }
  });

  describe('never show a secret', () => {
    const hidden = 'hunter2hunter2';
    const cases: Record<string, [string, NodeJS.ProcessEnv?]> = {
      'that has the wrong type': [`password: [${hidden}]`],
      'that is too long': ['', { HOLDFAST_PASSWORD: hidden.repeat(10_000) }],
      'in a group of secrets': [`credentials: { redis: [${hidden}] }`],
      'under a misspelled name': [`pasword: ${hidden}`],
      'in a URL': [`upstream: ["redis://user:${hidden}@host"]`],
      'that looks like an alias': [`password: *${hidden}`],
      'that looks like a tag': [`password: !${hidden} x`],
      'that begins like a flow': [`password: {${hidden}`],
      'with a quote that does not end': [`password: "${hidden}`],
      'with an escape': [`password: "\\z${hidden}"`],
      'on a line with a tab': [`log:\n\tpassword: ${hidden}`],
      'before another key': [`password: ${hidden}: x`],
      'in a block with more': [`password: | ${hidden}`],
      'given twice': [`password: ${hidden}\npassword: ${hidden}`],
    };
    for (const [what, [yaml, env = {}]] of Object.entries(cases)) {
      it(what, () => {
        const lines = refused(yaml, env);
        assert.ok(lines.length > 0);
        assert.ok(!lines.join('\n').includes(hidden), lines.join('\n'));
      });
    }
  });

  it('that are no valid YAML are told with their line and column', () => {
    const [line, ...more] = refused('limits:\n  inFlightMax: 1\n bulkShare: 2');
    assert.deepEqual(more, []);
    assert.match(
      line ?? '',
      /^settings file ~\/settings\.yaml, line 3, column \d+, is no valid YAML: \w/,
    );
    assert.match(refused('listen: {}\nlisten: {}')[0] ?? '', /line 2, column 1, .*given twice$/);
  });

  it('of a file that is no list of settings are refused', () => {
    assert.match(refused('- a\n- b')[0] ?? '', /holds no settings/);
    assert.match(refused('a: &a [*a, *a]\n')[0] ?? '', /is no valid YAML|no setting/);
  });

  it('do not fill the memory through aliases', () => {
    const level = (name: string, of: string): string =>
      `${name}: &${name} [${`*${of},`.repeat(9)}]\n`;
    const names = ['b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'];
    const bomb = `a: &a [x]\n${names.map((name, at) => level(name, at === 0 ? 'a' : (names[at - 1] ?? ''))).join('')}`;
    assert.match(refused(bomb)[0] ?? '', /refers to itself too often/);
  });

  it('do not reach the prototypes of objects', () => {
    assert.match(refused('__proto__: { polluted: true }')[0] ?? '', /^__proto__ .*is no setting/);
    assert.match(refused('constructor: 1')[0] ?? '', /^constructor .*is no setting/);
    assert.ok(linesOf(() => load('', { HOLDFAST_CONSTRUCTOR__PROTOTYPE: '1' })).length > 0);
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
  });

  it('that are wrong in many places are told in so many lines and no more', () => {
    const yaml = Array.from({ length: 100 }, (_, at) => `unknown${at}: 1`).join('\n');
    const lines = refused(yaml);
    assert.deepEqual([lines.length, lines.at(-1)], [21, 'and 80 more']);
  });

  it('with names that are no names cannot forge a line', () => {
    for (const line of refused('"a\\nlisten.port is fine": 1'))
      assert.ok(!line.startsWith('listen'));
    assert.equal(refused('"a\\nlisten.port is fine": 1').length, 1);
  });

  describe('of a file', () => {
    function problem(argv: readonly string[]): string[] {
      return linesOf(() => loadSettings(schema, { argv, env: {} }));
    }

    it('that does not exist are missed on one line', () => {
      assert.deepEqual(problem(['--config', '/nowhere/x.yaml']), [
        'settings file /nowhere/x.yaml does not exist',
      ]);
    });

    it('that is a directory are missed on one line', () => {
      assert.deepEqual(problem([`--config=${directory}`]), [
        `settings file ${directory} is a directory`,
      ]);
    });

    it('that may not be read are missed on one line', () => {
      const path = file('');
      chmodSync(path, 0o000);
      const [line = ''] = asNobody(() => problem(['--config', path]));
      assert.match(line, /may not be read by this user$/);
      chmodSync(path, 0o600);
    });

    it('that is larger than any could be are not read', () => {
      const path = file(`# ${'x'.repeat(2 ** 20)}`);
      assert.deepEqual(problem(['--config', path]), [
        `settings file ${path} is larger than 1048576 bytes`,
      ]);
    });

    const argvs = [
      ['--port', '1'],
      ['x'],
      ['--config'],
      ['--config='],
      ['--config', 'a', '--config', 'b'],
    ];
    for (const argv of argvs) {
      it(`cannot be named by "${argv.join(' ')}"`, () => {
        const [line = '', ...more] = problem(argv);
        assert.deepEqual(more, []);
        assert.match(line, /allowed: --config FILE, a YAML file with settings$/);
      });
    }
  });

  it('of a duration are milliseconds', () => {
    const accepted = {
      5: 5,
      '500ms': 500,
      '500': 500,
      '30 s': 30_000,
      '1.5 s': 1_500,
      '5 min': 300_000,
      '1h': 3_600_000,
      '7 d': 604_800_000,
      '1.5 ms': 2,
      '0 s': 0,
    };
    for (const [given, ms] of Object.entries(accepted)) {
      assert.equal(durationMs().parse(given), ms, given);
    }
    for (const given of [
      '',
      '-1 s',
      '1 m',
      '1 year',
      's',
      '0.1 ms',
      '0.0001 s',
      '1e3',
      NaN,
      -1,
      0.5,
      Infinity,
    ]) {
      assert.equal(durationMs().safeParse(given).success, false, String(given));
    }
  });

  it('of a size are bytes', () => {
    const accepted = {
      5: 5,
      '1 KiB': 1_024,
      '1MiB': 1_048_576,
      '1.5 GiB': 1_610_612_736,
      '10 MB': 10_000_000,
      '7 B': 7,
      '2.4 GiB': 2_576_980_378,
      '1 PiB': 2 ** 50,
      '2 PB': 2e15,
    };
    for (const [given, bytes] of Object.entries(accepted)) {
      assert.equal(byteSize().parse(given), bytes, given);
    }
    for (const given of ['1 kb', '1 mib', '-1', '1 KiBs', '0.3 B', '99999999 TiB', -1]) {
      assert.equal(byteSize().safeParse(given).success, false, String(given));
    }
  });

  it('of an address are a host and a port', () => {
    for (const given of ['127.0.0.1:7110', 'store.internal:1', '[::1]:65535', 'a:1']) {
      assert.equal(hostPort().parse(given), given);
    }
    for (const given of [
      '',
      'a',
      'a:',
      ':1',
      'a:0',
      'a:65536',
      '::1:1',
      'http://a:1',
      'a b:1',
      'a:1/x',
    ]) {
      assert.equal(hostPort().safeParse(given).success, false, given);
    }
  });

  it('of a host are a name or an address', () => {
    for (const given of ['127.0.0.1', '::1', '0.0.0.0', 'localhost'])
      assert.equal(host().parse(given), given);
    for (const given of ['', 'a b', 'a:b:c.test!', '-a'])
      assert.equal(host().safeParse(given).success, false, given);
  });
});

function linesOf(act: () => unknown): string[] {
  try {
    act();
  } catch (error) {
    assert.ok(error instanceof StartupError, String(error));
    return error.message.split('\n');
  }
  return assert.fail('nothing was refused');
}

/** Root may read everything: it has to be somebody else for a moment. */
function asNobody<T>(run: () => T): T {
  if (process.getuid?.() !== 0) return run();
  process.seteuid?.('nobody');
  try {
    return run();
  } finally {
    process.seteuid?.(0);
  }
}
