import { rpc, type cleanup } from '@holdfast/contracts';
import { fromStatusBytes, rpcError } from '@holdfast/rpc';
import { status } from '@grpc/grpc-js';
import { HoldfastError, toPublicError } from '../../errors.js';
import { describeError, errorJson, type ErrorJson } from '../describe-error.js';
import { printable } from '../format-quantity.js';
import { jsonLine } from '../object-json.js';
import { createStatusLine } from '../status-line.js';
import type { AdminContext } from './admin-command.js';

/** What one call did. */
export interface ActOutcome {
  readonly count: number;
  readonly failures: readonly cleanup.DeadLetterFailure[];
  readonly more: boolean;
  /** An attempt before has done what it has done, and its answer was lost. */
  readonly isRepeated: boolean;
}

/** What is told of acting on dead letters: how far it is, what fails, and what it came to. */
export interface LetterReport {
  /**
   * Tells each letter's failure once, however often it is met again. Where the call was repeated, that
   * there is no such letter is no failure: the attempt whose answer was lost may have acted on it.
   */
  add(outcome: ActOutcome): Promise<void>;
  /** What else is worth a word. */
  note(text: string): Promise<void>;
  summary(): Promise<void>;
  readonly count: () => number;
  /** The first failure; `undefined` when there was none. */
  readonly failure: () => unknown;
  readonly isSingleFailure: () => boolean;
  /** Takes the progress off the terminal. */
  clear(): void;
}

/** `done` is the word for a letter with which it went well, `total` how many there are, if known. */
export function createLetterReport(
  { host, flags, out, err }: AdminContext,
  done: string,
  total: number | undefined,
): LetterReport {
  const line = createStatusLine(host);
  const failures = new Map<string, ErrorJson>();
  const gone = new Set<string>();
  let first: unknown;
  let count = 0;

  function text(): string {
    const already = gone.size === 0 ? '' : `, ${gone.size} gone already`;
    const failed = failures.size === 0 ? '' : `, ${failures.size} failed`;
    return `${count} ${count === 1 ? 'dead letter' : 'dead letters'} ${done}${already}${failed}`;
  }

  function progress(columns: number): string {
    return `${text()}${total === undefined ? '' : ` of ${total}`}`.slice(
      0,
      Math.max(0, columns - 1),
    );
  }

  return {
    async add(outcome) {
      count += outcome.count;
      for (const { id, error: told } of outcome.failures) {
        if (failures.has(id) || gone.has(id)) continue;
        const error = errorOf(told);
        line.clear();
        if (outcome.isRepeated && isNotFound(error)) {
          gone.add(id);
          await err.write(`holdfast: ${printable(id)}: ${goneAlready(done)}\n`);
          continue;
        }
        first ??= error;
        failures.set(id, errorJson(error));
        await err.write(`holdfast: ${printable(id)}: ${describeError(error)}\n`);
      }
      line.show(progress);
    },
    async note(words) {
      line.clear();
      await err.write(`holdfast: ${words}\n`);
    },
    async summary() {
      line.clear();
      const failed = Array.from(failures, ([id, error]) => ({ id, error }));
      const already = gone.size === 0 ? {} : { goneAlready: [...gone] };
      const json = { [done]: count, ...already, failures: failed };
      await out.write(flags.isSet('json') ? jsonLine(json) : `${text()}\n`);
    },
    count: () => count,
    failure: () => first,
    isSingleFailure: () => count === 0 && failures.size === 1,
    clear: () => line.clear(),
  };
}

function isNotFound(error: unknown): boolean {
  return error instanceof HoldfastError && error.reason === 'DEAD_LETTER_NOT_FOUND';
}

/** The attempt may have done it; somebody else may have; and there may never have been one. */
function goneAlready(done: string): string {
  return `gone already: the call had to be repeated, and the first attempt may have ${done} it`;
}

function errorOf(told: rpc.Status | undefined): unknown {
  const error =
    told === undefined
      ? rpcError(status.UNKNOWN, undefined, 'the worker does not say why')
      : fromStatusBytes(rpc.Status.encode(told).finish());
  return toPublicError(error);
}
