/** Why nothing was started. Its message, one clear line for each thing to put right, is all that is said. */
export class StartFailure extends Error {
  override readonly name = 'StartFailure';
  readonly exitCode: number;

  constructor(message: string, exitCode: number = startFailureExitCode) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** As the services end when their surroundings do not let them start: EX_CONFIG of sysexits.h. */
export const startFailureExitCode = 78;

/** As most commands end that were called wrongly. */
export const wrongUsageExitCode = 2;

/** Of an error of the system, `EACCES` say. */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error ? String(error.code) : error.message;
}
