import { basename } from 'node:path';
import type { Download } from '../get/download.js';
import type { Command, CommandContext } from './command.js';
import { deadlineOf } from './common-flags.js';
import { exitCodes } from './exit-code.js';
import { infoJson, jsonLine } from './object-json.js';
import { parseRange } from './parse-value.js';
import { createProgressDisplay } from './progress-display.js';
import { saveFile } from './save-file.js';
import { UsageError } from './usage-error.js';

export const getCommand: Command = {
  name: 'get',
  summary: 'Writes an object to standard output or to a file',
  operands: 'REFERENCE',
  operandsMin: 1,
  operandsMax: 1,
  notes: [
    'The bytes are compared to the checksum they were stored with. A file appears in full, or is',
    'left as it was.',
  ],
  flags: {
    output: { short: 'o', value: 'FILE', isFile: true, help: 'where to; - is standard output' },
    range: {
      value: 'FIRST-LAST',
      help: 'only these bytes, from 0: 0-99, 100-, or -100 for the last',
    },
    'if-revision': { value: 'REVISION', help: 'only if it is this revision' },
  },
  examples: [
    ['to a file', 'holdfast get photos/org=42:2026/cat.jpg -o cat.jpg'],
    ['through a pipe', 'holdfast get backups/db=main:today.sql | psql'],
    ['the last 100 bytes', 'holdfast get logs:app.log --range=-100'],
  ],
  async run(context) {
    const { client, flags, host, operands, out } = context;
    const file = flags.text('output') ?? '-';
    const isJson = flags.isSet('json');
    if (isJson && file === '-') throw new UsageError('--json needs --output FILE');
    const range = flags.text('range');
    const display = createProgressDisplay(host);
    const label = basename(file);
    const found = await client.get(operands[0] ?? '', {
      range: range === undefined ? undefined : parseRange(range),
      ifRevision: flags.text('if-revision'),
      deadlineMs: deadlineOf(flags),
      signal: host.signal,
      onProgress: ({ bytes, total }) => {
        if (file !== '-') display.update(label, bytes, total);
      },
    });
    try {
      await (file === '-' ? print(found, context) : saveFile(file, found.body));
    } finally {
      display.clear();
      found.cancel();
    }
    if (isJson) await out.write(jsonLine({ ...infoJson(found.info), span: found.span, file }));
    return exitCodes.ok;
  },
};

async function print(found: Download, { out }: CommandContext): Promise<void> {
  for await (const chunk of found.body) await out.write(chunk);
}
