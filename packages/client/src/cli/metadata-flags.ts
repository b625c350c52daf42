import type { ExpirationPolicy } from '@holdfast/domain';
import type { MetadataInput } from '../object-info.js';
import type { FlagTable } from './command.js';
import type { Flags } from './parse-arguments.js';
import { parseDuration, parsePairs } from './parse-value.js';
import { UsageError } from './usage-error.js';

/** What is said about an object on the command line. */
export const metadataFlags: FlagTable = {
  'content-type': { value: 'TYPE', help: 'the media type; application/octet-stream by default' },
  'content-encoding': { value: 'NAME', help: 'how the payload is encoded, zstd say' },
  ttl: { value: 'DURATION', help: 'let it expire this long after now: 90s, 15m, 24h, 7d' },
  tti: { value: 'DURATION', help: 'let it expire this long after it was last read' },
  origin: { value: 'TEXT', help: 'where it came from' },
  'file-name': { value: 'NAME', help: 'the file name to suggest on download' },
  meta: { value: 'NAME=VALUE', isList: true, help: 'a pair of your own; may be repeated' },
};

export function metadataOf(flags: Flags): MetadataInput {
  return {
    contentType: flags.text('content-type'),
    contentEncoding: flags.text('content-encoding'),
    expiration: expirationOf(flags),
    origin: flags.text('origin'),
    fileName: flags.text('file-name'),
    custom: parsePairs('meta', flags.texts('meta')),
  };
}

function expirationOf(flags: Flags): ExpirationPolicy | undefined {
  const ttl = flags.text('ttl');
  const tti = flags.text('tti');
  if (ttl !== undefined && tti !== undefined) {
    throw new UsageError('--ttl and --tti exclude each other');
  }
  if (ttl !== undefined) return { kind: 'ttl', ms: parseDuration('ttl', ttl) };
  return tti === undefined ? undefined : { kind: 'tti', ms: parseDuration('tti', tti) };
}
