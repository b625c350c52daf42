import type { ReportMessage } from './sweep-messages.js';

export type KeptReason = 'LIVE' | 'YOUNG' | 'OWNED' | 'UNDECIDED';

/** How many entries a run has kept for a reason. */
export function keptEntries({ counts }: ReportMessage, reason: KeptReason): number {
  const kept = counts?.kept?.find((count) => count.reason === `KEPT_REASON_${reason}`);
  return kept?.entries ?? 0;
}

/** How often runs were cut short, and what they did in all. */
export function sumOf(
  reports: readonly ReportMessage[],
  count: 'scanned' | 'removed' | 'freedBytes' | 'readBytes',
): number {
  return reports.reduce((sum, { counts }) => sum + (counts?.[count] ?? 0), 0);
}
