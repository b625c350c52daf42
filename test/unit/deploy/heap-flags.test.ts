import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { heapFlags } from '../../../deploy/local/heap-flags.js';
import { serviceFlags } from '../../bench/api-processes.js';

describe('The flags that services are started with', () => {
  it('are taken by this version of Node.js', () => {
    const answer = execFileSync(process.execPath, [...heapFlags, '-p', '1 + 1'], {
      encoding: 'utf8',
    });
    assert.equal(answer.trim(), '2');
  });

  it('are those of the benches, and those that operators are told of', async () => {
    assert.deepEqual(serviceFlags, heapFlags);
    const operations = new URL('../../../docs/operations.md', import.meta.url);
    assert.ok((await readFile(operations, 'utf8')).includes(heapFlags.join(' ')));
  });
});
