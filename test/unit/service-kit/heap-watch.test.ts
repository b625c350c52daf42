import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { heapFlags } from '../../../deploy/local/heap-flags.js';
import { sourceFlags } from '../../support/child-process.js';

const childFile = fileURLToPath(new URL('heap-watch-child.ts', import.meta.url));
const timeout = 20_000;

describe('The heap of a service', () => {
  it('is rid of garbage that outlived the young generation, though no payload passes', () => {
    const flags = [...sourceFlags, ...heapFlags];
    const options = { encoding: 'utf8', timeout } as const;
    assert.equal(execFileSync(process.execPath, [...flags, childFile], options), 'full\nempty\n');
  });
});
