import type { OutgoingHttpHeaders } from 'node:http2';
import { fuzzMessages, type FuzzMethod } from './fuzz-messages.js';
import type { SeededRandom } from './seeded-random.js';

/** What one call sends, in pieces that need not be the frames it says they are. */
export interface FuzzCall {
  readonly headers: OutgoingHttpHeaders;
  readonly pieces: readonly Buffer[];
  /** How the caller's side ends. */
  readonly end: 'close' | 'reset';
}

const hugeLength = 0xffffffff;

export function fuzzCall(method: FuzzMethod, random: SeededRandom): FuzzCall {
  const pieces = fuzzMessages(method, random).map((message) => fuzzFrame(message, random));
  return {
    headers: {
      ':method': 'POST',
      ':path': method.path,
      ':scheme': 'http',
      ':authority': 'fuzz',
      'content-type': 'application/grpc',
      te: 'trailers',
      'grpc-timeout': '5S',
      ...(random.chance(0.3) ? fuzzHeaders(random) : {}),
    },
    pieces,
    // Resets come seldom: servers end connections that do nothing else.
    end: method.isEndless || random.chance(0.02) ? 'reset' : 'close',
  };
}

/** A flag, a length and a message, most of the time those that belong together. */
function fuzzFrame(message: Buffer, random: SeededRandom): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  if (random.chance(0.08)) {
    switch (random.below(4)) {
      case 0:
        prefix[0] = random.below(256);
        break;
      case 1:
        prefix.writeUInt32BE(message.length + 1 + random.below(1_000), 1);
        break;
      case 2:
        prefix.writeUInt32BE(hugeLength - random.below(2 ** 31), 1);
        break;
      case 3:
        return Buffer.concat([prefix, message]).subarray(0, random.below(5 + message.length));
    }
  }
  return Buffer.concat([prefix, message]);
}

const choices: Readonly<Record<string, readonly string[]>> = {
  'content-type': ['application/json', 'application/grpc+proto', 'application/grpc+json', ''],
  'grpc-timeout': ['', '0n', '-1S', '99999999H', '5', 'S', '123456789S', '1e3S', '1S'],
  'grpc-encoding': ['gzip', 'deflate', 'identity', 'br', '../../etc/passwd'],
  'x-request-id': ['', 'a'.repeat(200), '\tx', 'ok'],
  traceparent: ['', '00-0-0-00', `00-${'f'.repeat(32)}-${'f'.repeat(16)}-01`, 'ff'],
  'holdfast-class': ['single', 'bulk', 'nothing'],
  'holdfast-retries': ['caller', ''],
  'x-data-bin': ['', '%%%', 'AAAA', '='.repeat(9)],
  'grpc-status-details-bin': ['AAAA'],
  authorization: ['Bearer not-a-token'],
  ':method': ['GET', 'PUT'],
  'content-length': ['0', '7', '99999'],
};

function fuzzHeaders(random: SeededRandom): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = {};
  for (let count = 1 + random.below(3); count > 0; count -= 1) {
    const name = random.pick(Object.keys(choices));
    headers[name] = random.pick(choices[name] ?? ['']);
  }
  if (random.chance(0.2)) headers[`x-${randomText(random, 12)}`] = randomText(random, 400);
  if (random.chance(0.1)) headers['te'] = undefined;
  // More than servers take.
  if (random.chance(0.02)) headers['x-huge'] = 'h'.repeat(9_000 + random.below(20_000));
  return headers;
}

function randomText(random: SeededRandom, lengthMax: number): string {
  return random.bytes(1 + random.below(lengthMax)).toString('hex');
}
