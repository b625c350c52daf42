import { maintenance } from '@holdfast/contracts';
import { isBlobName, limits, type BlobName, type ReclaimOutcome } from '@holdfast/domain';
import { invalidField, type RpcError, type UnaryHandler } from '@holdfast/rpc';
import type { MaintenanceDependencies } from './dependencies.js';
import { createEntryErrors } from './entry-errors.js';
import { createInOrder } from './in-order.js';
import type { ListedBlobs } from './listed-blobs.js';
import { checkEntries, readMinAgeMs } from './request-bounds.js';

const { BlobState } = maintenance;

/** Reclaims the named blobs, as far as nothing keeps them. The names are hints. */
export function createReclaimBlobs(
  dependencies: Pick<MaintenanceDependencies, 'engine' | 'logger'> & {
    readonly listed: ListedBlobs;
  },
): UnaryHandler<maintenance.ReclaimBlobsRequest, maintenance.ReclaimBlobsResponse> {
  const { engine, listed } = dependencies;
  const inOrder = createInOrder();
  return async (request, context) => {
    const { blobs, dryRun } = request;
    checkEntries('blobs', blobs);
    const ageMsMin = readMinAgeMs(request.minAge, limits.orphanAgeMsMin);
    const errors = createEntryErrors(dependencies, context);
    const reclaim = async (blob: string, index: number): Promise<maintenance.ReclaimResult> => {
      try {
        const known = dryRun ? listed.take(blob) : undefined;
        const name = known?.name ?? readName(blob, index);
        const outcome = await engine.reclaimBlob({ blob: name, ageMsMin, dryRun, known });
        if (outcome.kind === 'undecided') throw invalidName(index);
        const value = { blob, state: states[outcome.kind], size: sizeOf(outcome) };
        return { blob, result: { $case: 'outcome', value } };
      } catch (error) {
        return { blob, result: { $case: 'error', value: errors.toStatus(error) } };
      }
    };
    const results = await inOrder(blobs, context.signal, reclaim);
    errors.report();
    return { results };
  };
}

type Judged = Exclude<ReclaimOutcome, { readonly kind: 'undecided' }>;

const states: Readonly<Record<Judged['kind'], maintenance.BlobState>> = {
  freed: BlobState.DELETED,
  'gone-already': BlobState.ABSENT,
  reclaimable: BlobState.RECLAIMABLE,
  live: BlobState.LIVE,
  'owned-by-change': BlobState.OWNED,
  young: BlobState.YOUNG,
  'awaiting-readers': BlobState.AWAITING_READERS,
};

function sizeOf(outcome: Judged): bigint {
  return BigInt(('size' in outcome ? outcome.size : undefined) ?? 0);
}

function readName(blob: string, index: number): BlobName {
  if (isBlobName(blob)) return blob;
  throw invalidName(index);
}

function invalidName(index: number): RpcError {
  const why = 'must be the storage path of an object, a slash and the revision of a write';
  return invalidField('INVALID_BLOB_NAME', `blobs[${index}]`, why);
}
