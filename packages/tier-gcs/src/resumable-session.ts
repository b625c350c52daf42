import { descriptionOf, type BlobUpload } from './blob-upload.js';
import type { Attempts } from './attempts.js';
import { refusal } from './errors.js';
import type { Answer } from './json-api.js';
import {
  malformed,
  objectFields,
  parseObjectResource,
  wholeNumber,
  type ObjectResource,
} from './object-resource.js';
import type { Objects } from './objects.js';

/** What a session answers to what it is sent, or to being asked. */
export type SessionState =
  /** It has the first `bytes` of the object. */
  | { readonly kind: 'incomplete'; readonly bytes: number }
  | { readonly kind: 'stored'; readonly resource: ObjectResource }
  /** There is another object of that name. */
  | { readonly kind: 'refused' }
  /** The server knows nothing of it any more. */
  | { readonly kind: 'lost' };

export interface ResumableSession {
  /** One attempt to send `bytes` from `offset` on; `total` when they are the last ones. */
  send(
    bytes: readonly Uint8Array[],
    offset: number,
    total: number | undefined,
    attempts: Attempts,
    signal: AbortSignal,
  ): Promise<SessionState>;
  /** One attempt to find out what it has. */
  ask(total: number | undefined, attempts: Attempts, signal: AbortSignal): Promise<SessionState>;
  /** Ends it, with what was sent to it. Best effort: sessions end by themselves as well. */
  cancel(): Promise<void>;
}

const rangePattern = /^bytes=0-([0-9]{1,15})$/;

/** Begins a resumable upload; `refused` if there is an object of that name. */
export async function startSession(
  objects: Objects,
  upload: BlobUpload,
): Promise<ResumableSession | 'refused'> {
  const { api, paths } = objects;
  const answer = await api.call({
    method: 'POST',
    path: paths.uploads({ uploadType: 'resumable', ifGenerationMatch: 0, fields: objectFields }),
    headers: {
      'content-type': 'application/json; charset=UTF-8',
      'x-upload-content-type': upload.encoded.contentType,
    },
    body: [Buffer.from(JSON.stringify(descriptionOf(upload)))],
  });
  if (answer.status === 412) return 'refused';
  if (answer.status !== 200 && answer.status !== 201) {
    throw refusal('beginning an upload', answer);
  }
  return sessionAt(objects, sessionPath(answer));
}

/** Without its host: requests go where all others go, and so do the credentials. */
function sessionPath({ headers }: Answer): string {
  const { location } = headers;
  if (location === undefined || !URL.canParse(location)) throw malformed('Location');
  const { pathname, search } = new URL(location);
  return pathname + search;
}

function sessionAt({ api }: Objects, path: string): ResumableSession {
  async function put(
    range: string,
    body: readonly Uint8Array[],
    attempts: Attempts,
    signal: AbortSignal,
  ): Promise<SessionState> {
    const headers = { 'content-range': `bytes ${range}` };
    return stateIn(await api.attempt({ method: 'PUT', path, headers, body }, attempts, signal));
  }

  return {
    send(bytes, offset, total, attempts, signal) {
      const length = bytes.reduce((sum, piece) => sum + piece.length, 0);
      return put(`${offset}-${offset + length - 1}/${total ?? '*'}`, bytes, attempts, signal);
    },

    ask: (total, attempts, signal) => put(`*/${total ?? '*'}`, [], attempts, signal),

    async cancel() {
      await api.call({ method: 'DELETE', path }).catch(() => undefined);
    },
  };
}

function stateIn(answer: Answer): SessionState {
  switch (answer.status) {
    case 200:
    case 201:
      return { kind: 'stored', resource: parseObjectResource(answer.body) };
    case 308:
      return { kind: 'incomplete', bytes: bytesIn(answer.headers['range']) };
    case 404:
    case 410:
      return { kind: 'lost' };
    case 412:
      return { kind: 'refused' };
    default:
      throw refusal('sending a part of an upload', answer);
  }
}

function bytesIn(range: string | undefined): number {
  if (range === undefined) return 0;
  const last = rangePattern.exec(range)?.[1];
  if (last === undefined) throw malformed('Range');
  return wholeNumber('Range', last) + 1;
}
