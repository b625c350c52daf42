import type { ExpirationPolicy } from '@holdfast/domain';
import type { ObjectId } from '../object-id.js';
import type { ObjectInfo } from '../object-info.js';
import { formatObjectReference } from '../object-reference.js';
import type { PutResult } from '../put/put-options.js';

/** Objects as `--json` prints them. The names of the fields do not change. */

function idJson(id: ObjectId) {
  const { usecase, scopes, key } = id;
  return { reference: formatObjectReference(id), usecase, scopes, key };
}

export function infoJson(info: ObjectInfo) {
  const { metadata } = info;
  return {
    ...idJson(info.id),
    revision: info.revision,
    size: info.size,
    crc32c: crc32cText(info.crc32c),
    contentType: metadata.contentType,
    contentEncoding: metadata.contentEncoding ?? null,
    expiration: expirationJson(metadata.expiration),
    origin: metadata.origin ?? null,
    fileName: metadata.fileName ?? null,
    custom: Object.fromEntries(metadata.custom),
    timeCreated: info.timeCreated.toISOString(),
    timeExpires: info.timeExpires?.toISOString() ?? null,
  };
}

export function putJson({ id, revision, size, crc32c }: PutResult) {
  return { ...idJson(id), revision, size, crc32c: crc32cText(crc32c) };
}

/** Eight hexadecimal digits, as other tools print it. */
export function crc32cText(crc32c: number): string {
  return crc32c.toString(16).padStart(8, '0');
}

function expirationJson(policy: ExpirationPolicy) {
  switch (policy.kind) {
    case 'manual':
      return null;
    case 'ttl':
    case 'tti':
      return { kind: policy.kind, ms: policy.ms };
  }
}

export function jsonLine(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}
