import { assert } from '@holdfast/domain';
import type { GatheredPart, Gatherer } from './gather-payload.js';
import type { ObjectResource } from './object-resource.js';
import type { ResumableUpload } from './resumable-upload.js';
import type { UploadRoom } from './upload-rooms.js';

export type AfterPart =
  /** What comes next is gathered. */
  | { readonly kind: 'next'; readonly part: GatheredPart }
  /** Nothing more can be sent: there is an object of that name. */
  | { readonly kind: 'over'; readonly object: ObjectResource };

/**
 * Sends a part, and gathers the next one meanwhile if there is room for both, else afterwards. If the
 * payload fails, the sending is given up at once, and it is the payload's error that is thrown. If the
 * sending fails, the chunk that the payload owes is waited for: only then can it be told to end.
 */
export async function sendWhileGathering(
  part: GatheredPart,
  upload: ResumableUpload,
  gatherer: Gatherer,
  room: UploadRoom,
): Promise<AfterPart> {
  const gathering = gatherer.next();
  gathering?.catch((error: unknown) => upload.giveUp(error));
  const object = await upload.send(part).catch(async (error: unknown) => {
    gatherer.stop();
    await gathering;
    throw error;
  });
  if (object !== 'incomplete') {
    gatherer.stop();
    await gathering;
    return { kind: 'over', object };
  }
  room.giveBack(part.units);
  return { kind: 'next', part: await (gathering ?? nextOf(gatherer)) };
}

function nextOf(gatherer: Gatherer): Promise<GatheredPart> {
  const gathering = gatherer.next();
  assert(gathering !== undefined, 'an upload that holds no part has room for one');
  return gathering;
}
