import type { Attempts } from './attempts.js';
import { objectInTheWay, type BlobUpload } from './blob-upload.js';
import { PassingFailure, unavailable } from './errors.js';
import { withoutFirst } from './gather-payload.js';
import type { ObjectResource } from './object-resource.js';
import type { Objects } from './objects.js';
import { startSession, type ResumableSession, type SessionState } from './resumable-session.js';

/** A part of an object, not changed until the server has it. */
export interface UploadPart {
  readonly pieces: readonly Uint8Array[];
  readonly bytes: number;
  /** How many bytes the object has, when this is its last part. */
  readonly total?: number | undefined;
}

export interface ResumableUpload {
  /**
   * Sends the next part, and resolves when the server has all of it. Answers the object of that name
   * after the last part, and as soon as it is known that another's has it.
   */
  send(part: UploadPart): Promise<ObjectResource | 'incomplete'>;
  /** What is being sent fails with `reason`, and what is sent later. */
  giveUp(reason: unknown): void;
  /** Ends it, so that nothing is left of it. */
  cancel(): Promise<void>;
}

/**
 * An upload in parts.
 *
 * 1. Begin a session. It may refuse from the start what cannot be created.
 * 2. Send a part. If the connection or the server fails, ask how far the session is, and go on from
 *    there; every byte that it got further is progress, and without any the attempts are bounded.
 * 3. A session that the server has lost is begun anew only while all bytes are still at hand, which is
 *    during the first part. Later the payload cannot be had again.
 * 4. The last part names the total: with it the object comes to be. If the session is lost or refuses
 *    then, whoever asked looks at the object for whether it was this write that made it.
 */
export function createResumableUpload(objects: Objects, upload: BlobUpload): ResumableUpload {
  const { api } = objects;
  const givenUp = new AbortController();
  const { signal } = givenUp;
  let session: ResumableSession | undefined;
  /** How many bytes of the object the server has. */
  let acknowledged = 0;

  async function begin(): Promise<ResumableSession | undefined> {
    const started = await startSession(objects, upload);
    session = started === 'refused' ? undefined : started;
    return session;
  }

  async function stateAfter(
    { pieces, total }: UploadPart,
    start: number,
    isToAsk: boolean,
    attempts: Attempts,
  ): Promise<SessionState> {
    const current = session ?? (await begin());
    if (current === undefined) return { kind: 'refused' };
    if (isToAsk) return current.ask(total, attempts, signal);
    const unsent = withoutFirst(pieces, acknowledged - start);
    return current.send(unsent, acknowledged, total, attempts, signal);
  }

  /** What comes of a session that is over. */
  async function conclude(
    state: Exclude<SessionState, { kind: 'incomplete' }>,
    part: UploadPart,
    start: number,
  ): Promise<ObjectResource> {
    session = undefined;
    if (state.kind === 'stored') return state.resource;
    if (state.kind === 'refused') return objectInTheWay(objects, upload);
    if (start === 0) {
      acknowledged = 0;
      throw new PassingFailure('the server lost an upload');
    }
    // That its last bytes arrived may have been forgotten together with it.
    const found = part.total === undefined ? undefined : await objects.look(upload.name);
    if (found !== undefined) return found;
    throw unavailable('the server lost an upload whose first bytes are not at hand any more');
  }

  /** Whether the server has all of the part now; throws unless it has got further or was asked. */
  function advance(
    bytes: number,
    part: UploadPart,
    start: number,
    attempts: Attempts,
    wasAsked: boolean,
  ): boolean {
    const end = start + part.bytes;
    if (bytes < acknowledged || bytes > end) {
      throw unavailable(`an upload is said to have ${bytes} bytes, which cannot be`);
    }
    if (bytes === end && part.total !== undefined) {
      throw new PassingFailure('the server has the whole payload, and no object of it yet');
    }
    if (bytes > acknowledged) attempts.noteProgress();
    else if (!wasAsked) throw new PassingFailure('the server took nothing of what was sent');
    acknowledged = bytes;
    return bytes === end;
  }

  return {
    async send(part) {
      const attempts = api.attempts(part.pieces);
      const start = acknowledged;
      let isToAsk = false;
      for (;;) {
        try {
          const state = await stateAfter(part, start, isToAsk, attempts);
          if (state.kind !== 'incomplete') return await conclude(state, part, start);
          if (advance(state.bytes, part, start, attempts, isToAsk)) return 'incomplete';
          isToAsk = false;
        } catch (error) {
          if (!(error instanceof PassingFailure)) throw error;
          isToAsk = session !== undefined;
          await attempts.pauseAfter(error, signal);
        }
      }
    },

    giveUp: (reason) => givenUp.abort(reason),

    async cancel() {
      await session?.cancel();
      session = undefined;
    },
  };
}
