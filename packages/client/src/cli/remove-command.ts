import type { Operation, OperationResult } from '../many/operation.js';
import type { Command, CommandContext } from './command.js';
import { deadlineOf } from './common-flags.js';
import { describeError, errorJson } from './describe-error.js';
import { exitCodeOf, exitCodes } from './exit-code.js';
import { printable } from './format-quantity.js';
import { linesOf } from './lines-of.js';
import { jsonLine } from './object-json.js';
import { UsageError } from './usage-error.js';

export const removeCommand: Command = {
  name: 'rm',
  alias: 'delete',
  summary: 'Deletes objects',
  operands: 'REFERENCE...|-',
  operandsMin: 1,
  operandsMax: Infinity,
  notes: [
    'Deleting what is not there is a success. With - the references are read from standard input,',
    'one a line.',
  ],
  flags: {
    'if-revision': { value: 'REVISION', help: 'only this revision; for a single REFERENCE' },
  },
  examples: [
    ['some', 'holdfast rm photos/org=42:2026/cat.jpg photos/org=42:2026/dog.jpg'],
    ['all with a prefix', 'holdfast ls photos/org=42:2026/ | holdfast rm -'],
  ],
  async run(context) {
    const { client, flags, host, operands } = context;
    const isSingle = operands.length === 1 && operands[0] !== '-';
    if (flags.text('if-revision') !== undefined && !isSingle) {
      throw new UsageError('--if-revision is for a single REFERENCE');
    }
    const references = new Map<number, string>();
    const operations = operationsOf(context, references);
    let exitCode: number = exitCodes.ok;
    for await (const result of client.many(operations, { signal: host.signal })) {
      const reference = references.get(result.index) ?? '';
      references.delete(result.index);
      await report(context, reference, result);
      if (!result.ok) exitCode = isSingle ? exitCodeOf(result.error) : exitCodes.failed;
    }
    return exitCode;
  },
};

async function* operationsOf(
  context: CommandContext,
  references: Map<number, string>,
): AsyncGenerator<Operation, undefined> {
  const { flags } = context;
  const options = { ifRevision: flags.text('if-revision'), deadlineMs: deadlineOf(flags) };
  let index = 0;
  for await (const id of referencesOf(context)) {
    references.set(index, id);
    index += 1;
    yield { kind: 'delete', id, options };
  }
  return undefined;
}

async function* referencesOf({
  host,
  operands,
}: CommandContext): AsyncGenerator<string, undefined> {
  for (const operand of operands) {
    if (operand !== '-') {
      yield operand;
      continue;
    }
    for await (const line of linesOf(host.stdin)) if (line !== '') yield line;
  }
  return undefined;
}

async function report(
  { flags, out, err }: CommandContext,
  reference: string,
  result: OperationResult,
): Promise<void> {
  const isJson = flags.isSet('json');
  if (!result.ok) {
    await err.write(`holdfast: ${printable(reference)}: ${describeError(result.error)}\n`);
    if (isJson) {
      await out.write(jsonLine({ reference, ok: false, error: errorJson(result.error) }));
    }
  } else if (result.kind === 'delete' && isJson) {
    const deletedRevision = result.value.deletedRevision ?? null;
    await out.write(jsonLine({ reference, ok: true, deletedRevision }));
  }
}
