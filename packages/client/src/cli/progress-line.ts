import { formatBytes, formatDuration, formatRate, printable } from './format-quantity.js';

/** How far a transfer has come. */
export interface TransferState {
  /** What is transferred: a name, or a count of files. */
  readonly label: string;
  readonly bytes: number;
  /** Missing: nobody knows how much there will be. */
  readonly total: number | undefined;
  readonly elapsedMs: number;
}

const barWidthMax = 30;
const barWidthMin = 10;

/** One line about a transfer that fits into `columns`; what matters least is left out first. */
export function progressLine(state: TransferState, columns: number): string {
  const label = printable(state.label);
  const rate = formatRate(state.bytes, state.elapsedMs);
  const { bytes, total } = state;
  if (total === undefined || total === 0) {
    return fit(
      [
        [label, formatBytes(bytes), rate],
        [formatBytes(bytes), rate],
      ],
      columns,
    );
  }
  const share = Math.min(1, bytes / total);
  const percent = `${Math.floor(share * 100)} %`.padStart(5);
  const amount = `${formatBytes(bytes)} of ${formatBytes(total)}`;
  const figures = [percent, amount, rate, timeLeft(state, share)];
  const room = columns - figures.join('  ').length - label.length - 6;
  const bar = room < barWidthMin ? [] : [barOf(share, Math.min(room, barWidthMax))];
  return fit([[label, ...bar, ...figures], figures, [percent, rate], [percent]], columns);
}

function barOf(share: number, width: number): string {
  const done = Math.floor(share * width);
  return `[${'='.repeat(done)}${' '.repeat(width - done)}]`;
}

function timeLeft({ elapsedMs }: TransferState, share: number): string {
  if (share === 0 || share === 1) return formatDuration(elapsedMs);
  return `${formatDuration((elapsedMs / share) * (1 - share))} left`;
}

/** A terminal wraps what ends in its last column. */
function fit(choices: readonly (readonly string[])[], columns: number): string {
  const texts = choices.map((parts) => parts.join('  '));
  return texts.find((text) => text.length < columns) ?? '';
}
