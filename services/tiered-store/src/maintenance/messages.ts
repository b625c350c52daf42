import type { maintenance } from '@holdfast/contracts';
import type { Change, UndecidedEntry, UsecaseCount } from '@holdfast/domain';
import { objectIdMessage } from '../messages/object-id.js';

/** What stores say can be long, and a thousand of it has to fit into one answer. */
const textCharactersMax = 512;

export function changeMessage(change: Change): maintenance.Change {
  const { changeId, objectId, newBlob, oldBlob, deadline } = change;
  return {
    changeId,
    objectId: objectIdMessage(objectId),
    newBlob,
    oldBlob,
    deadline: new Date(deadline),
  };
}

export function undecidedMessage({ where, why }: UndecidedEntry): maintenance.UndecidedEntry {
  return { where, why: cut(why) };
}

export function cut(text: string): string {
  // The cut may part a surrogate pair, which no message carries.
  return text.slice(0, textCharactersMax).toWellFormed();
}

export function countMessage(count: UsecaseCount): maintenance.UsecaseCount {
  return {
    usecase: count.usecase,
    examined: BigInt(count.examined),
    removed: BigInt(count.removed),
    freedBytes: BigInt(count.freedBytes),
  };
}
