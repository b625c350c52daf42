import { DomainError } from '@holdfast/domain';

const idCharactersMax = 80;

/** Answers what `read` does. What it cannot read is kept as it is, and said to be unreadable. */
export function readKept<Value>(runId: string, read: () => Value): Value {
  try {
    return read();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const what = `what is kept of the sweep ${runId.slice(0, idCharactersMax).toWellFormed()}`;
    throw new DomainError({ code: 'UNREADABLE', what, why }, { cause });
  }
}
