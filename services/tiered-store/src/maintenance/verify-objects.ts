import { maintenance } from '@holdfast/contracts';
import type { DamageKind, VerifyObjectsOutcome } from '@holdfast/domain';
import type { UnaryHandler } from '@holdfast/rpc';
import { objectIdMessage } from '../messages/object-id.js';
import type { MaintenanceDependencies } from './dependencies.js';
import { countMessage, cut, undecidedMessage } from './messages.js';
import { readBytesLimit, readPage, readTimeLimitMs } from './request-bounds.js';

const { DamageKind: Kind } = maintenance;

/** Takes one step through the objects and compares their payloads with what was written. */
export function createVerifyObjects({
  engine,
}: Pick<MaintenanceDependencies, 'engine'>): UnaryHandler<
  maintenance.VerifyObjectsRequest,
  maintenance.VerifyObjectsResponse
> {
  return async (request, { signal }) => {
    const bytesMax = readBytesLimit(request.bytesLimit);
    const timeMsMax = readTimeLimitMs(request.timeLimit);
    const bounds = { ...readPage(request), bytesMax, timeMsMax, signal };
    const outcome = await engine.verifyObjects(bounds);
    return {
      verified: BigInt(outcome.verified),
      verifiedBytes: BigInt(outcome.verifiedBytes),
      damage: outcome.damage.map(damageMessage),
      undecided: outcome.undecided.map(undecidedMessage),
      counts: outcome.counts.map(countMessage),
      nextPageToken: outcome.nextPageToken ?? '',
    };
  };
}

const kinds: Readonly<Record<DamageKind, maintenance.DamageKind>> = {
  missing: Kind.MISSING,
  'wrong-size': Kind.WRONG_SIZE,
  'wrong-checksum': Kind.WRONG_CHECKSUM,
};

function damageMessage(damage: VerifyObjectsOutcome['damage'][number]): maintenance.Damage {
  const { id, revision, blob, kind, description } = damage;
  return {
    objectId: objectIdMessage(id),
    revision,
    blob,
    kind: kinds[kind],
    description: cut(description),
  };
}
