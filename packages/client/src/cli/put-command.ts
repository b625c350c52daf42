import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { formatObjectReference } from '../object-reference.js';
import type { PutBody } from '../payload/open-payload.js';
import type { PutOptions } from '../put/put-options.js';
import type { Command, CommandContext } from './command.js';
import { exitCodes } from './exit-code.js';
import { metadataFlags } from './metadata-flags.js';
import { jsonLine, putJson } from './object-json.js';
import { createProgressDisplay } from './progress-display.js';
import { putDirectory } from './put-directory.js';
import { putOptions } from './put-options.js';
import { UsageError } from './usage-error.js';

export const putCommand: Command = {
  name: 'put',
  summary: 'Stores a file, standard input or a directory',
  operands: 'FILE|-|DIRECTORY REFERENCE',
  operandsMin: 2,
  operandsMax: 2,
  notes: [
    'It prints the references of what it stored. A reference that ends with its colon gets a new',
    'key. With --recursive each file below DIRECTORY is stored under REFERENCE, a slash and its',
    'relative path. Links to directories are not followed, and what is no file is left out.',
  ],
  flags: {
    recursive: { short: 'r', help: 'store all files below a directory' },
    concurrency: {
      value: 'N',
      help: 'with --recursive: files on their way at once; 32 by default',
    },
    quiet: { short: 'q', help: 'print nothing about what went well' },
    ...metadataFlags,
    'if-absent': { help: 'only if there is no such object' },
    'if-revision': { value: 'REVISION', help: 'only in place of this revision' },
  },
  examples: [
    ['a file', 'holdfast put cat.jpg photos/org=42:2026/cat.jpg --content-type image/jpeg'],
    ['standard input, for a week', 'pg_dump | holdfast put - backups/db=main:today.sql --ttl 7d'],
    ['a directory', 'holdfast put -r ./2026 photos/org=42:2026/'],
    ['only if it is new', 'holdfast put lease locks:leader --if-absent'],
  ],
  run: (context) => (context.flags.isSet('recursive') ? putDirectory(context) : putOne(context)),
};

async function putOne(context: CommandContext): Promise<number> {
  const { client, flags, host, operands } = context;
  const [file = '', reference = ''] = operands;
  const display = createProgressDisplay(host);
  const label = file === '-' ? 'standard input' : basename(file);
  const onProgress: PutOptions['onProgress'] = ({ bytes, total }) =>
    display.update(label, bytes, total);
  try {
    const body = await bodyOf(file, context);
    const options = { ...putOptions(context), signal: host.signal, onProgress };
    const stored = await client.put(reference, body, options);
    display.clear();
    const { out } = context;
    if (flags.isSet('json')) await out.write(jsonLine(putJson(stored)));
    else if (!flags.isSet('quiet')) await out.write(`${formatObjectReference(stored.id)}\n`);
    return exitCodes.ok;
  } finally {
    display.clear();
  }
}

async function bodyOf(file: string, { host }: CommandContext): Promise<PutBody> {
  if (file === '-') return host.stdin;
  const stats = await stat(file);
  if (stats.isDirectory())
    throw new UsageError(`${file} is a directory; store it with --recursive`);
  return stats.isFile() ? { file } : createReadStream(file);
}
