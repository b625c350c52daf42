import { writeSync } from 'node:fs';
import { tamperWith } from './lmdb-store.js';

/* Holds the one write lock of the store of `argv[2]` until this process is killed. */

const [, , directory = ''] = process.argv;
await tamperWith(directory, () => {
  writeSync(process.stdout.fd, 'held\n');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});
