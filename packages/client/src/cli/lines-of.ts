import type { Readable } from 'node:stream';
import { UsageError } from './usage-error.js';

/** References are far shorter: what goes on for so long is no list of them. */
const lineLengthMax = 65_536;

/**
 * The lines of a text, as they arrive. Only a line feed ends one: the `readline` of newer Node.js
 * also ends them at U+2028 and U+2029, which are characters like others in a key.
 */
export async function* linesOf(input: Readable): AsyncGenerator<string, undefined> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  let rest = '';
  for await (const chunk of input as AsyncIterable<Uint8Array | string>) {
    const lines = (
      rest + (typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true }))
    ).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield lineOf(line);
    if (rest.length > lineLengthMax) throw tooLong();
  }
  rest += decoder.decode();
  if (rest !== '') yield lineOf(rest);
  return undefined;
}

/** Without the carriage return that some systems put before the line feed. */
function lineOf(line: string): string {
  if (line.length > lineLengthMax) throw tooLong();
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}

function tooLong(): UsageError {
  return new UsageError(`a line of standard input has more than ${lineLengthMax} characters`);
}
