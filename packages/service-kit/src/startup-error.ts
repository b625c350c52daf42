/** How a process ends whose settings or surroundings do not let it start: EX_CONFIG of sysexits.h. */
export const startupErrorExitCode = 78;

/**
 * Why a process cannot start, for the person who starts it. The message is all that they see: one
 * clear line for each thing to put right, never a stack, never a secret.
 */
export class StartupError extends Error {
  override readonly name = 'StartupError';
}

/** For what a setting names and cannot be used: a file of a certificate that cannot be read, say. */
export function startupErrorOf(setting: string, cause: unknown): StartupError {
  if (cause instanceof StartupError) return cause;
  const why = cause instanceof Error ? cause.message : String(cause);
  return new StartupError(`${setting}: ${why}`, { cause });
}
