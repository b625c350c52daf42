import type { ExpirationPolicy } from '@holdfast/domain';
import type { ObjectInfo } from '../object-info.js';
import { formatObjectReference } from '../object-reference.js';
import type { Command } from './command.js';
import { deadlineOf } from './common-flags.js';
import { describeError, errorJson } from './describe-error.js';
import { exitCodeOf, exitCodes } from './exit-code.js';
import { formatBytes, printable } from './format-quantity.js';
import { crc32cText, infoJson, jsonLine } from './object-json.js';
import { rethrowInterrupt } from './rethrow-interrupt.js';

export const statCommand: Command = {
  name: 'stat',
  alias: 'head',
  summary: 'Prints what is known of objects',
  operands: 'REFERENCE...',
  operandsMin: 1,
  operandsMax: Infinity,
  notes: ['It does not count as a read: no expiry moves.'],
  flags: { 'if-revision': { value: 'REVISION', help: 'only if it is this revision' } },
  examples: [
    ['one', 'holdfast stat photos/org=42:2026/cat.jpg'],
    ['its revision', 'holdfast stat photos/org=42:2026/cat.jpg --json | jq -r .revision'],
  ],
  async run({ client, flags, host, operands, out, err }) {
    const isJson = flags.isSet('json');
    const options = {
      ifRevision: flags.text('if-revision'),
      deadlineMs: deadlineOf(flags),
      signal: host.signal,
    };
    let exitCode: number = exitCodes.ok;
    for (const [at, reference] of operands.entries()) {
      try {
        const info = await client.head(reference, options);
        await out.write(isJson ? jsonLine(infoJson(info)) : describe(info, at > 0));
      } catch (error) {
        rethrowInterrupt(error, host.signal);
        exitCode = operands.length === 1 ? exitCodeOf(error) : exitCodes.failed;
        await err.write(`holdfast: ${printable(reference)}: ${describeError(error)}\n`);
        if (isJson) await out.write(jsonLine({ reference, error: errorJson(error) }));
      }
    }
    return exitCode;
  },
};

function describe(info: ObjectInfo, isFollowing: boolean): string {
  const { metadata } = info;
  const rows: (readonly [string, string | undefined])[] = [
    ['reference', formatObjectReference(info.id)],
    ['revision', info.revision],
    ['size', `${info.size} bytes (${formatBytes(info.size)})`],
    ['crc32c', crc32cText(info.crc32c)],
    ['content type', metadata.contentType],
    ['content encoding', metadata.contentEncoding],
    ['origin', metadata.origin],
    ['file name', metadata.fileName],
    ['created', info.timeCreated.toISOString()],
    ['expires', `${info.timeExpires?.toISOString() ?? 'never'}${policyText(metadata.expiration)}`],
    ...Array.from(metadata.custom, ([name, value]) => [`meta ${name}`, value] as const),
  ];
  const known = rows.filter((row): row is readonly [string, string] => row[1] !== undefined);
  const width = Math.max(...known.map(([name]) => name.length));
  const text = known.map(([name, value]) => `${name.padEnd(width)}  ${value}\n`).join('');
  return isFollowing ? `\n${text}` : text;
}

function policyText(policy: ExpirationPolicy): string {
  switch (policy.kind) {
    case 'manual':
      return '';
    case 'ttl':
      return ` (${policy.ms / 1000} s after it was written)`;
    case 'tti':
      return ` (${policy.ms / 1000} s after it was last read)`;
  }
}
