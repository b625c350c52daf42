/** The command line is wrong: it is answered with the usage, and nothing is done. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
