import { changeIdOf, isRevision } from '@holdfast/domain';
import { systemClock } from '@holdfast/service-kit';
import { createRowFixtures } from '@holdfast/testkit';
import { writeSync } from 'node:fs';
import { withLmdbStore } from './lmdb-store.js';

/*
 * Puts `after` under the key `argv[3]` in the store of `argv[2]`, as a process of its own, and begins the
 * change `argv[4]` there if there is one.
 */

const [, , directory = '', key = '', change = ''] = process.argv;
const make = createRowFixtures(systemClock);
await withLmdbStore({ directory }, systemClock, async ({ highVolumeTier }) => {
  writeSync(process.stdout.fd, 'submitted\n');
  await highVolumeTier.putInline(make.id(key), make.inline('after'));
  writeSync(process.stdout.fd, 'acknowledged\n');
  if (isRevision(change)) await highVolumeTier.begin(make.id(key), changeIdOf(change));
});
