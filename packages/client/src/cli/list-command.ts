import type { ObjectInfo } from '../object-info.js';
import { formatObjectReference, splitListReference } from '../object-reference.js';
import type { Command } from './command.js';
import { deadlineOf } from './common-flags.js';
import { exitCodes } from './exit-code.js';
import { infoJson, jsonLine } from './object-json.js';
import { parseCount } from './parse-value.js';

export const listCommand: Command = {
  name: 'ls',
  alias: 'list',
  summary: 'Lists objects',
  operands: 'USECASE[/NAME=VALUE...][:PREFIX]',
  operandsMin: 1,
  operandsMax: 1,
  notes: [
    'It prints the references of the objects with exactly these scopes, in the order of their',
    'storage paths; with a PREFIX those whose key begins so. With --recursive the scopes are the',
    'beginning: objects with further scopes are listed too.',
  ],
  flags: {
    recursive: { short: 'r', help: 'objects with further scopes too; not with a PREFIX' },
    long: { short: 'l', help: 'size and time before each reference' },
    limit: { short: 'n', value: 'N', help: 'stop after this many' },
  },
  examples: [
    ['what is in a scope', 'holdfast ls photos/org=42'],
    ['by the beginning of the key', 'holdfast ls -l photos/org=42:2026/'],
    ['all of a usecase', 'holdfast ls -r photos'],
    ['delete it', 'holdfast ls photos/org=42:2026/ | holdfast rm -'],
  ],
  async run({ client, flags, host, operands, out }) {
    const context = splitListReference(operands[0] ?? '');
    const isDeep = flags.isSet('recursive') && (context.keyPrefix ?? '') === '';
    const keyPrefix = isDeep ? undefined : (context.keyPrefix ?? '');
    const limit = parseLimit(flags.text('limit'));
    const pageSize = Math.min(limit, 1_000);
    const options = { signal: host.signal, deadlineMs: deadlineOf(flags), pageSize };
    const format = formatOf(flags.isSet('json'), flags.isSet('long'));
    let listed = 0;
    for await (const page of client.list({ ...context, keyPrefix }, options).pages()) {
      const objects = page.objects.slice(0, limit - listed);
      listed += objects.length;
      await out.write(objects.map(format).join(''));
      if (listed >= limit) break;
    }
    return exitCodes.ok;
  },
};

function parseLimit(text: string | undefined): number {
  return text === undefined ? Infinity : parseCount('limit', text, Number.MAX_SAFE_INTEGER);
}

function formatOf(isJson: boolean, isLong: boolean): (info: ObjectInfo) => string {
  if (isJson) return (info) => jsonLine(infoJson(info));
  if (!isLong) return ({ id }) => `${formatObjectReference(id)}\n`;
  return ({ id, size, timeCreated }) =>
    `${String(size).padStart(14)}  ${timeCreated.toISOString()}  ${formatObjectReference(id)}\n`;
}
