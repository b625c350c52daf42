import { rpc, type cleanup } from '@holdfast/contracts';
import { fromStatusBytes, rpcError } from '@holdfast/rpc';
import { status } from '@grpc/grpc-js';
import { toPublicError } from '../../errors.js';
import { describeError, errorJson, type ErrorJson } from '../describe-error.js';
import { printable } from '../format-quantity.js';
import { jsonLine } from '../object-json.js';
import { createStatusLine } from '../status-line.js';
import type { AdminContext } from './admin-command.js';

/** What is told of acting on dead letters: how far it is, what fails, and what it came to. */
export interface LetterReport {
  /** Tells each letter's failure once, however often it is met again. */
  add(count: number, failures: readonly cleanup.DeadLetterFailure[]): Promise<void>;
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
  let first: unknown;
  let count = 0;

  function text(): string {
    const failed = failures.size === 0 ? '' : `, ${failures.size} failed`;
    return `${count} ${count === 1 ? 'dead letter' : 'dead letters'} ${done}${failed}`;
  }

  function progress(columns: number): string {
    return `${text()}${total === undefined ? '' : ` of ${total}`}`.slice(
      0,
      Math.max(0, columns - 1),
    );
  }

  return {
    async add(more, failed) {
      count += more;
      for (const { id, error: told } of failed) {
        if (failures.has(id)) continue;
        const error = errorOf(told);
        first ??= error;
        failures.set(id, errorJson(error));
        line.clear();
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
      const json = { [done]: count, failures: failed };
      await out.write(flags.isSet('json') ? jsonLine(json) : `${text()}\n`);
    },
    count: () => count,
    failure: () => first,
    isSingleFailure: () => count === 0 && failures.size === 1,
    clear: () => line.clear(),
  };
}

function errorOf(told: rpc.Status | undefined): unknown {
  const error =
    told === undefined
      ? rpcError(status.UNKNOWN, undefined, 'the worker does not say why')
      : fromStatusBytes(rpc.Status.encode(told).finish());
  return toPublicError(error);
}
