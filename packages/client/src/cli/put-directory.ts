import type { Operation } from '../many/operation.js';
import { splitReference } from '../object-reference.js';
import type { CommandContext } from './command.js';
import { exitCodes } from './exit-code.js';
import { bytesBelow } from './bytes-below.js';
import { filesBelow } from './files-below.js';
import { parseCount } from './parse-value.js';
import { createProgressDisplay } from './progress-display.js';
import { putOptions } from './put-options.js';
import { createTransferCounts, type TransferCounts } from './transfer-counts.js';
import { countsText, createTransferReport, type TransferReport } from './transfer-report.js';
import { UsageError } from './usage-error.js';

const concurrencyDefault = '32';
const concurrencyMax = 256;

interface Transfer {
  readonly counts: TransferCounts;
  readonly report: TransferReport;
}

/** Stores all files below a directory. One that fails is told of and counted; the others go on. */
export async function putDirectory(context: CommandContext): Promise<number> {
  const { flags, host, operands } = context;
  if (flags.text('if-revision') !== undefined) {
    throw new UsageError('--if-revision is of one object, not of a directory');
  }
  const startedAt = Date.now();
  const display = createProgressDisplay(host);
  const goal = bytesBelow(operands[0] ?? '', host.isWatched);
  const counts = createTransferCounts(() => {
    display.update(countsText(counts), counts.bytes(), goal.bytes());
  });
  const report = createTransferReport(context, display);
  try {
    await putAll(context, { counts, report });
    await report.summary(counts, Date.now() - startedAt);
    return counts.failures() === 0 ? exitCodes.ok : exitCodes.failed;
  } finally {
    goal.stop();
    display.clear();
  }
}

async function putAll(context: CommandContext, transfer: Transfer): Promise<void> {
  const { client, flags, host } = context;
  const { counts, report } = transfer;
  const text = flags.text('concurrency') ?? concurrencyDefault;
  const concurrency = parseCount('concurrency', text, concurrencyMax);
  const operations = operationsOf(context, transfer);
  for await (const result of client.many(operations, { concurrency, signal: host.signal })) {
    if (!result.ok) {
      await report.failed(counts.settled(result.index, undefined), result.error);
    } else if (result.kind === 'put') {
      await report.stored(counts.settled(result.index, result.value.size), result.value);
    }
  }
}

async function* operationsOf(
  context: CommandContext,
  { counts, report }: Transfer,
): AsyncGenerator<Operation, undefined> {
  const [directory = '', reference = ''] = context.operands;
  const { usecase, scopes, key } = splitReference(reference);
  const prefix = key === '' || key.endsWith('/') ? key : `${key}/`;
  const options = putOptions(context);
  let index = 0;
  for await (const found of filesBelow(directory)) {
    if (found.kind === 'file') {
      const onProgress = counts.started(index, found.path);
      index += 1;
      yield {
        kind: 'put',
        id: { usecase, scopes, key: prefix + found.relative },
        body: { file: found.path },
        options: { ...options, onProgress },
      };
    } else if (found.kind === 'unreadable') {
      counts.failed();
      await report.failed(found.path, found.error);
    } else {
      await report.leftOut(found.path);
    }
  }
  return undefined;
}
