import type { object } from '@holdfast/contracts';
import { crc32c } from '@node-rs/crc32';
import { callBatch, type Dispatch } from '../batch-call.js';
import { createCallGuard } from '../call-guard.js';
import { termsOf, type CallTerms } from '../call-terms.js';
import type { ClientCore } from '../client-core.js';
import { brokenContract, dataLoss } from '../errors.js';
import { toNewObjectId, type NewObjectIdInput } from '../object-id.js';
import { bytesPayload } from '../payload/bytes-payload.js';
import { openPayload, type PutBody } from '../payload/open-payload.js';
import type { Payload } from '../payload/payload.js';
import { repeatWrite } from '../repeat-write.js';
import { createUuidV7 } from '../uuid-v7.js';
import { conditionStillHolds } from './condition-still-holds.js';
import { putHeader, type PutOptions, type PutResult } from './put-options.js';
import { uploadOnce, type Stored } from './upload.js';

/**
 * Stores an object:
 *
 * 1. check what was given; an object without a key gets one here, so that a repeated put does not
 *    store a second object;
 * 2. find out how much there is: what is small travels within a batch, the rest is uploaded;
 * 3. send it, and send it again while that is safe: the bytes must still be at hand, and a condition
 *    must still hold once an attempt may have taken effect;
 * 4. compare what the server stored to what was sent.
 */
export async function putObject(
  core: ClientCore,
  input: NewObjectIdInput,
  body: PutBody,
  options: PutOptions,
): Promise<PutResult> {
  const id = toNewObjectId(input, () => createUuidV7(core.clock.now()));
  const header = putHeader(id, options);
  const streamTerms = termsOf(options, Infinity, core.clock);
  const payload =
    typeof body === 'string' || body instanceof Uint8Array
      ? bytesPayload(body)
      : await readPayload(core, body, streamTerms);
  const isSmall = payload.kind === 'small' && options.deadlineMs === undefined;
  const terms = isSmall ? termsOf(options, core.deadlineMs, core.clock) : streamTerms;
  try {
    return checked(await send(core, { header, payload, terms, options }));
  } finally {
    if (payload.kind === 'large') payload.source.close();
  }
}

interface Put {
  readonly header: object.PutObjectHeader;
  readonly payload: Payload;
  readonly terms: CallTerms;
  readonly options: PutOptions;
}

async function readPayload(
  core: ClientCore,
  body: Exclude<PutBody, Uint8Array | string>,
  terms: CallTerms,
): Promise<Payload> {
  const guard = createCallGuard(terms, core.clock, () => undefined);
  try {
    return await openPayload(body, guard);
  } finally {
    guard.close();
  }
}

async function send(core: ClientCore, put: Put): Promise<Stored> {
  const { header, payload, terms } = put;
  const attempt = (dispatch: Dispatch): Promise<Stored> =>
    payload.kind === 'small'
      ? putSmall(core, put, payload.bytes, dispatch)
      : uploadOnce(core, { ...put, source: payload.source }, dispatch);
  const mayRepeat = (isInDoubt: boolean): boolean | Promise<boolean> => {
    if (payload.kind === 'large' && !payload.source.isRepeatable()) return false;
    return !isInDoubt || conditionStillHolds(core, header, terms);
  };
  return repeatWrite(core.repeats, { attempt, mayRepeat }, terms);
}

async function putSmall(
  core: ClientCore,
  { header, terms }: Put,
  bytes: Uint8Array,
  dispatch: Dispatch,
): Promise<Stored> {
  const sent = { size: bytes.length, crc32c: crc32c(bytes, 0) };
  const encode = (timeoutMs: number): Uint8Array =>
    core.encoder.put(header, bytes, sent.crc32c, timeoutMs);
  return { sent, response: await callBatch(core, 'put', encode, terms, dispatch) };
}

function checked({ response, sent }: Stored): PutResult {
  const { objectId, revision } = response;
  if (objectId === undefined) throw brokenContract('it does not say which object was stored');
  if (Number(response.size) !== sent.size || response.crc32c !== sent.crc32c) {
    throw dataLoss('what the server stored is not what was sent');
  }
  return { id: objectId, revision, size: sent.size, crc32c: sent.crc32c };
}
