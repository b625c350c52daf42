import type { cleanup } from '@holdfast/contracts';
import { formatObjectReference } from '../../object-reference.js';
import { formatBytes, printable } from '../format-quantity.js';
import { queueWord } from './queue-words.js';
import { timeText, type Column } from './text-table.js';

/** A dead letter on one line. */
export const letterColumns: readonly Column<cleanup.DeadLetter>[] = [
  { title: 'id', text: ({ id }) => id },
  { title: 'reason', text: ({ reason }) => reason },
  {
    title: 'bytes',
    isRightAligned: true,
    text: ({ bytes }) => String(bytes),
    shown: ({ bytes }) => formatBytes(Number(bytes)),
  },
  { title: 'object', text: referenceOf },
  { title: 'attempts', isRightAligned: true, text: ({ attempts }) => String(attempts) },
  { title: 'last attempt', text: ({ timeLastAttempt }) => timeText(timeLastAttempt) },
  { title: 'first enqueued', text: ({ timeFirstEnqueued }) => timeText(timeFirstEnqueued) },
  { title: 'queue', text: ({ queue }) => queueWord(queue) },
  { title: 'last error', text: ({ lastError }) => lastError },
];

/** All that is known of it, on lines of its own. */
export function describeLetter(letter: cleanup.DeadLetter): string {
  const { subject, bytes } = letter;
  const rows: readonly (readonly [string, string])[] = [
    ['id', letter.id],
    ['queue', queueWord(letter.queue)],
    ['change', subject?.$case === 'changeId' ? subject.value : ''],
    ['object', referenceOf(letter)],
    ...letter.blobs.map((blob) => ['blob', blob] as const),
    ['bytes', `${bytes} (${formatBytes(Number(bytes))})`],
    ['first enqueued', timeText(letter.timeFirstEnqueued)],
    ['last attempt', timeText(letter.timeLastAttempt)],
    ['attempts', String(letter.attempts)],
    ['reason', letter.reason],
    ['last error', letter.lastError],
  ];
  const known = rows.filter(([, value]) => value !== '');
  const width = Math.max(...known.map(([name]) => name.length));
  return known.map(([name, value]) => `${name.padEnd(width)}  ${printable(value)}\n`).join('');
}

/** The names of the fields do not change. */
export function letterJson(letter: cleanup.DeadLetter) {
  const { subject } = letter;
  return {
    id: letter.id,
    queue: queueWord(letter.queue),
    changeId: subject?.$case === 'changeId' ? subject.value : null,
    blob: subject?.$case === 'blob' ? subject.value : null,
    reference: referenceOf(letter) || null,
    blobs: letter.blobs,
    bytes: Number(letter.bytes),
    timeFirstEnqueued: timeText(letter.timeFirstEnqueued) || null,
    timeLastAttempt: timeText(letter.timeLastAttempt) || null,
    attempts: letter.attempts,
    reason: letter.reason,
    lastError: letter.lastError,
  };
}

function referenceOf({ objectId }: cleanup.DeadLetter): string {
  return objectId === undefined ? '' : formatObjectReference(objectId);
}
