import { spawn } from 'node:child_process';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:net';
import { once } from 'node:events';
import { freePorts } from './cluster-ports.js';
import { waitUntil } from './cluster-wait.js';
import { endingWithUs } from './ending-with-us.js';
import { findProgram, isExecutable } from './redis-binary.js';
import { skipWithout } from './require-all.js';

/*
 * Bigtable's emulator, one for all tests of a process: they keep to tables of their own. It is the
 * one of the Google Cloud CLI, or one that runs already and that BIGTABLE_EMULATOR_HOST names.
 */
const program = 'cbtemulator';
const folderInSdk = join('platform', 'bigtable-emulator');
const sdkFolders = [
  ...(process.env['CLOUDSDK_ROOT'] === undefined ? [] : [process.env['CLOUDSDK_ROOT']]),
  join(homedir(), 'google-cloud-sdk'),
  '/usr/lib/google-cloud-sdk',
  '/usr/share/google-cloud-sdk',
  '/snap/google-cloud-cli/current',
];

const startMsMax = 15_000;
/** Somebody else may take a port that was free before the emulator does. */
const startsMax = 3;

let running: Promise<string> | undefined;

/** Marks a test as pending where there is no emulator; in a `before`, all tests of the suite. */
export function requireBigtableEmulator(context: Mocha.Context): void {
  const isThere = givenHost() !== undefined || findEmulator() !== undefined;
  skipWithout(context, isThere, 'the Bigtable emulator of the Google Cloud CLI');
}

/** `host:port` of the emulator, which is started first where none runs. */
export function bigtableEmulator(): Promise<string> {
  const given = givenHost();
  return given === undefined ? (running ??= startEmulator()) : Promise.resolve(given);
}

function givenHost(): string | undefined {
  const host = process.env['BIGTABLE_EMULATOR_HOST'];
  return host === undefined || host === '' ? undefined : host;
}

function findEmulator(): string | undefined {
  const installed = sdkFolders.map((folder) => join(folder, folderInSdk, program));
  return findProgram(program) ?? installed.find(isExecutable);
}

async function startEmulator(): Promise<string> {
  const file = findEmulator();
  if (file === undefined) throw new Error('there is no Bigtable emulator on this machine');
  for (let start = 1; ; start += 1) {
    const [port = 0] = await freePorts(1);
    if (await startOn(file, port)) return `127.0.0.1:${port}`;
    if (start === startsMax) throw new Error(`${file} does not start`);
  }
}

async function startOn(file: string, port: number): Promise<boolean> {
  const args = ['-host', '127.0.0.1', '-port', String(port)];
  const child = spawn(...endingWithUs(file, args), { stdio: 'ignore' });
  // It ends with the process of the tests, and does not keep that from ending.
  child.unref();
  process.once('exit', () => child.kill('SIGKILL'));
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const answers = await waitUntil(
    'the Bigtable emulator listens',
    async () => (hasEnded() ? false : isListening(port)),
    () => true,
    startMsMax,
  );
  return answers;
}

async function isListening(port: number): Promise<true> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } finally {
    socket.destroy();
  }
}
