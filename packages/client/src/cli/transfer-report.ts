import { formatObjectReference } from '../object-reference.js';
import type { PutResult } from '../put/put-options.js';
import type { CommandContext } from './command.js';
import { describeError, errorJson } from './describe-error.js';
import { formatBytes, formatDuration, formatRate, printable } from './format-quantity.js';
import { jsonLine, putJson } from './object-json.js';
import type { ProgressDisplay } from './progress-display.js';
import type { TransferCounts } from './transfer-counts.js';

/** The lines about the files of a directory: what went well on standard output, the rest beside it. */
export interface TransferReport {
  stored(path: string, result: PutResult): Promise<void>;
  failed(path: string, error: unknown): Promise<void>;
  leftOut(path: string): Promise<void>;
  summary(counts: TransferCounts, elapsedMs: number): Promise<void>;
}

export function createTransferReport(
  { out, err, flags }: CommandContext,
  display: ProgressDisplay,
): TransferReport {
  const isJson = flags.isSet('json');
  const isQuiet = flags.isSet('quiet');
  return {
    async stored(path, result) {
      if (isQuiet && !isJson) return;
      display.clear();
      const line = isJson
        ? jsonLine({ path, ok: true, ...putJson(result) })
        : `${formatObjectReference(result.id)}\n`;
      await out.write(line);
    },
    async failed(path, error) {
      display.clear();
      await err.write(`holdfast: ${printable(path)}: ${describeError(error)}\n`);
      if (isJson) await out.write(jsonLine({ path, ok: false, error: errorJson(error) }));
    },
    async leftOut(path) {
      display.clear();
      await err.write(`holdfast: ${printable(path)}: left out, it is not a file\n`);
    },
    async summary(counts, elapsedMs) {
      display.clear();
      if (isQuiet && counts.failures() === 0) return;
      const amount = `${formatBytes(counts.bytes())} in ${formatDuration(elapsedMs)}`;
      const rate = formatRate(counts.bytes(), elapsedMs);
      await err.write(`${countsText(counts)}, ${amount}, ${rate}\n`);
    },
  };
}

/** `12 files stored, 1 failed`. */
export function countsText({ stored, failures }: TransferCounts): string {
  const text = `${stored()} ${stored() === 1 ? 'file' : 'files'} stored`;
  return failures() === 0 ? text : `${text}, ${failures()} failed`;
}
