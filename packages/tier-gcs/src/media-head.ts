import type { IncomingHttpHeaders } from 'node:http';
import { malformed, parseCrc32c, wholeNumber } from './object-resource.js';

/** What the head of a download tells of the whole object. */
export interface MediaHead {
  readonly contentType: string | undefined;
  readonly objectBytes: number;
  /** Of all bytes of the object. The service does not promise it with a part. */
  readonly crc32c?: number | undefined;
  readonly generation: string;
}

const rangePattern = /^bytes ([0-9]{1,15})-[0-9]{1,15}\/([0-9]{1,15})$/;
const crc32cPattern = /(?:^|,)\s*crc32c=([A-Za-z0-9+/]{6}==)/;
const generationPattern = /^[0-9]{1,20}$/;

/** Throws where the answer does not begin at `position`. */
export function describeMedia(headers: IncomingHttpHeaders, position: number): MediaHead {
  const generation = oneOf(headers['x-goog-generation']);
  if (generation === undefined || !generationPattern.test(generation)) {
    throw malformed('X-Goog-Generation');
  }
  const crc32c = crc32cPattern.exec(oneOf(headers['x-goog-hash']) ?? '')?.[1];
  return {
    contentType: headers['content-type'],
    objectBytes: objectBytesIn(headers, position),
    ...(crc32c === undefined ? undefined : { crc32c: parseCrc32c(crc32c) }),
    generation,
  };
}

/** Whether the object is stored encoded, so that its bytes may have been decoded on their way. */
export function isStoredEncoded(headers: IncomingHttpHeaders): boolean {
  const encodings = [headers['content-encoding'], headers['x-goog-stored-content-encoding']];
  return encodings.some((encoding) => encoding !== undefined && encoding !== 'identity');
}

function objectBytesIn(headers: IncomingHttpHeaders, position: number): number {
  const range = headers['content-range'];
  if (range === undefined) {
    if (position > 0) throw malformed('Content-Range');
    return wholeNumber('Content-Length', headers['content-length'] ?? '');
  }
  const [, first = '', total = ''] = rangePattern.exec(range) ?? [];
  if (first === '' || Number(first) !== position) throw malformed('Content-Range');
  return wholeNumber('Content-Range', total);
}

/** A header may be there more than once: the hashes are, in part of the documentation. */
function oneOf(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join(',') : header;
}
