import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { linesOf } from '../../../packages/client/src/cli/lines-of.js';
import { UsageError } from '../../../packages/client/src/cli/usage-error.js';
import { collect } from '../../support/client-fixture.js';

function linesOfChunks(...chunks: readonly (Uint8Array | string)[]): Promise<string[]> {
  return collect(linesOf(Readable.from(chunks)));
}

describe('the lines of standard input', () => {
  it('end at line feeds only, wherever the chunks end', async () => {
    const text = 'photos:a\u2028b\nphotos:\u2029\n\nphotos:ü\u0085\r\nphotos:last';
    const lines = ['photos:a\u2028b', 'photos:\u2029', '', 'photos:ü\u0085', 'photos:last'];
    assert.deepEqual(await linesOfChunks(text), lines);
    const bytes = Buffer.from(text);
    const single = Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));
    assert.deepEqual(await linesOfChunks(...single), lines);
    assert.deepEqual(await linesOfChunks('a\n'), ['a']);
    assert.deepEqual(await linesOfChunks(), []);
  });

  it('are refused when they go on for too long', async () => {
    const endless = (function* chunks() {
      for (;;) yield 'x'.repeat(10_000);
    })();
    await assert.rejects(collect(linesOf(Readable.from(endless))), UsageError);
    await assert.rejects(linesOfChunks(`${'x'.repeat(70_000)}\n`), UsageError);
  });
});
