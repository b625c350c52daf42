import type { cleanup } from '@holdfast/contracts';
import { queueWord, stateWord } from './queue-words.js';
import { timeText, type Column } from './text-table.js';

export const queueColumns: readonly Column<cleanup.QueueStats>[] = [
  { title: 'queue', text: ({ queue }) => queueWord(queue) },
  { title: 'state', text: ({ state }) => stateWord(state) },
  { title: 'waiting', isRightAligned: true, text: ({ waiting }) => String(waiting) },
  { title: 'delayed', isRightAligned: true, text: ({ delayed }) => String(delayed) },
  { title: 'active', isRightAligned: true, text: ({ active }) => String(active) },
  { title: 'dead letters', isRightAligned: true, text: ({ deadLetters }) => String(deadLetters) },
  { title: 'waiting since', text: ({ oldestWaitingTime }) => timeText(oldestWaitingTime) },
  { title: 'why', text: ({ stateReason }) => stateReason },
];

export function queueJson(stats: cleanup.QueueStats) {
  return {
    queue: queueWord(stats.queue),
    state: stateWord(stats.state),
    stateReason: stats.stateReason,
    waiting: Number(stats.waiting),
    delayed: Number(stats.delayed),
    active: Number(stats.active),
    deadLetters: Number(stats.deadLetters),
    oldestWaitingTime: timeText(stats.oldestWaitingTime) || null,
  };
}
