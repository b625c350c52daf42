import { RedisQueueBackend } from 'bullmq';

type Execute = RedisQueueBackend['execCommand'];

/** What answers with a job to be run. */
const taking: ReadonlySet<string> = new Set(['moveToActive', 'moveToFinished', 'moveToDelayed']);

/** Fields of a job that BullMQ parses, and what stands for one that it cannot parse. */
const replacements: ReadonlyMap<unknown, string> = new Map([
  // Nobody can read it: the job fails like others of that kind.
  ['data', 'null'],
  ['opts', '{}'],
  ['progress', '0'],
  ['parent', ''],
]);

/** A worker that took a job with a field that is no JSON would never let go of it. */
export class ReadableBackend extends RedisQueueBackend {
  override execCommand(...[client, command, args]: Parameters<Execute>): ReturnType<Execute> {
    const answer: unknown = super.execCommand(client, command, args);
    return answer instanceof Promise && taking.has(command) ? answer.then(readable) : answer;
  }
}

/** Of an answer that begins with the fields and values of a job. */
function readable(answer: unknown): unknown {
  if (!isList(answer)) return answer;
  const [fields, ...rest] = answer;
  return isList(fields) ? [fields.map(readableValue), ...rest] : answer;
}

function readableValue(value: unknown, index: number, fields: readonly unknown[]): unknown {
  const name = index % 2 === 1 ? fields[index - 1] : undefined;
  const replacement = replacements.get(name);
  if (replacement === undefined || typeof value !== 'string' || value === '') return value;
  return isJson(value, name === 'opts') ? value : replacement;
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

function isJson(text: string, mustBeObject: boolean): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return !mustBeObject || (typeof value === 'object' && value !== null);
  } catch {
    return false;
  }
}
