import { dirname } from 'node:path';

const names = ['mkdir', 'mkdirat', 'link', 'linkat', 'unlink', 'unlinkat'];

/** For strace. Not every machine has all of them, and it refuses those it lacks but for the mark. */
export const tracedCalls = `trace=fsync,fdatasync,pwrite64,write,${names.map((name) => `?${name}`).join()}`;

/**
 * What a process asked of the operating system, by what `strace -y` wrote, one short line a call:
 * `mkdir blobs/xxx`, `fsync blobs`, `answer created`.
 */
export function stepsOf(trace: string, root: string): string[] {
  const steps: string[] = [];
  const named = trace.replaceAll(root, 'ROOT').replaceAll(dirname(root), 'ROOT/..');
  for (const line of named.split('\n').map(withoutAt)) {
    const answer = /write\(1[^"]*"(\w+)\\n"/.exec(line);
    if (answer !== null) steps.push(`answer ${answer[1]}`);
    const call = /(\w+)\((?:\d+<)?"?ROOT\/?([^">]*)(?:.*?"ROOT\/([^"]*)")?/.exec(line);
    if (call === null || / = -1 /.test(line)) continue;
    const places = [call[2], call[3]].filter((place) => place !== undefined);
    steps.push([call[1], ...places.map(anonymous)].join(' ').trim());
  }
  return steps;
}

/** Newer machines have only the calls that name a directory too, which here is never used. */
function withoutAt(line: string): string {
  return line.replace(/\b(mkdir|link|unlink)at\(/, '$1(').replaceAll(/AT_FDCWD(?:<[^>]*>)?, /g, '');
}

function anonymous(place: string): string {
  return place
    .replace(/[0-9a-f]{64}/, 'HASH')
    .replace(/(blobs|expiry)\/[0-9a-f]{3}/, '$1/xxx')
    .replace(/-[0-9a-f-]{36}/, '');
}
