import { findProgram } from './redis-binary.js';

/** Where the system can be told to, it kills a child when the tests are killed. It is the same process. */
export function endingWithUs(
  program: string,
  args: readonly string[],
): [string, readonly string[]] {
  const wrapper = findProgram('setpriv');
  return wrapper === undefined
    ? [program, args]
    : [wrapper, ['--pdeathsig', 'KILL', program, ...args]];
}
