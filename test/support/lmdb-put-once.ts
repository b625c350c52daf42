import { systemClock } from '@holdfast/service-kit';
import { createRowFixtures } from '@holdfast/testkit';
import { writeSync } from 'node:fs';
import { withLmdbStore } from './lmdb-store.js';

/* Puts `after` under the key `argv[3]` in the store of `argv[2]`, as a process of its own. */

const [, , directory = '', key = ''] = process.argv;
const make = createRowFixtures(systemClock);
await withLmdbStore({ directory }, systemClock, async ({ highVolumeTier }) => {
  writeSync(process.stdout.fd, 'submitted\n');
  await highVolumeTier.putInline(make.id(key), make.inline('after'));
  writeSync(process.stdout.fd, 'acknowledged\n');
});
