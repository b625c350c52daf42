import { status } from '@grpc/grpc-js';
import type { object } from '@holdfast/contracts';
import { RpcError } from '@holdfast/rpc';
import type { CallTerms } from '../call-terms.js';
import type { ClientCore } from '../client-core.js';
import { readHead } from '../head-object.js';
import type { ObjectId } from '../object-id.js';
import { outcomeUnknown } from '../repeat-write.js';

/**
 * Looks whether a put in doubt may be repeated. While its condition holds it has not taken effect,
 * and should it do so later the repeat fails: of the two at most one happens. (With `ifAbsent` it may
 * also have taken effect and the object been deleted since; then it is stored again.) When the
 * condition does not hold any more nobody can tell why, and that is what the caller gets to know.
 */
export async function conditionStillHolds(
  core: ClientCore,
  { objectId, condition }: object.PutObjectHeader,
  terms: CallTerms,
): Promise<boolean> {
  const required = condition?.condition;
  if (objectId === undefined || required === undefined) return true;
  const expected = required.$case === 'ifRevision' ? required.value : undefined;
  const deadline = Math.min(terms.deadline, core.clock.now() + core.deadlineMs);
  const revision = await currentRevision(core, objectId, { ...terms, deadline });
  if (revision === expected) return true;
  const found = revision === undefined ? 'there is no object now' : `it is at ${revision} now`;
  throw outcomeUnknown(
    `the put went unanswered and may have taken effect: ${found}`,
    revision === undefined ? {} : { revision },
  );
}

async function currentRevision(
  core: ClientCore,
  objectId: ObjectId,
  terms: CallTerms,
): Promise<string | undefined> {
  try {
    const { revision } = await readHead(core, objectId, undefined, terms);
    return revision;
  } catch (error) {
    if (error instanceof RpcError && error.code === status.NOT_FOUND) return undefined;
    throw error;
  }
}
