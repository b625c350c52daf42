import { HoldfastError } from '../errors.js';
import { printable } from './format-quantity.js';

/** An error on one line, with the reason to look for. */
export function describeError(error: unknown): string {
  if (error instanceof HoldfastError) {
    return printable(`${error.message} (${error.reason ?? error.code})`);
  }
  return printable(error instanceof Error ? error.message : String(error));
}

/** The same for programs. */
export interface ErrorJson {
  readonly code: string;
  readonly reason: string | null;
  readonly message: string;
}

export function errorJson(error: unknown): ErrorJson {
  if (error instanceof HoldfastError) {
    return { code: error.code, reason: error.reason ?? null, message: error.message };
  }
  const { code, message } = Object(error) as { code?: unknown; message?: unknown };
  return {
    code: typeof code === 'string' ? code : 'FAILED',
    reason: null,
    message: typeof message === 'string' ? message : String(error),
  };
}
