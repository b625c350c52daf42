import { DomainError } from '../errors.js';
import type { SweepError } from './sweep-report.js';

const messageCharactersMax = 1_000;

/** Why a run has failed, as its report says it. */
export function sweepErrorOf(cause: unknown): SweepError {
  const message = cause instanceof Error ? cause.message : String(cause);
  const reason = cause instanceof DomainError ? cause.code : 'INTERNAL';
  return { reason, message: message.slice(0, messageCharactersMax).toWellFormed() };
}
