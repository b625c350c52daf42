import { maintenance } from '@holdfast/contracts';
import { unary, type RpcMethod } from '@holdfast/rpc';
import type { MaintenanceDependencies } from './dependencies.js';
import { createDescribeStorage } from './describe-storage.js';
import { createDiscardChanges } from './discard-changes.js';
import { createExpireObjects } from './expire-objects.js';
import { createListBlobs } from './list-blobs.js';
import { createListChanges } from './list-changes.js';
import { createListedBlobs } from './listed-blobs.js';
import { createReclaimBlobs } from './reclaim-blobs.js';
import { createSettleChange } from './settle-change.js';
import { createVerifyObjects } from './verify-objects.js';

const contract = maintenance.MaintenanceServiceService;

/** Every call of the MaintenanceService. */
export function maintenanceMethods(dependencies: MaintenanceDependencies): readonly RpcMethod[] {
  const aboutBlobs = { ...dependencies, listed: createListedBlobs() };
  return [
    unary(contract.settleChange, createSettleChange(dependencies)),
    unary(contract.discardChanges, createDiscardChanges(dependencies)),
    unary(contract.listChanges, createListChanges(dependencies)),
    unary(contract.listBlobs, createListBlobs(aboutBlobs)),
    unary(contract.reclaimBlobs, createReclaimBlobs(aboutBlobs)),
    unary(contract.expireObjects, createExpireObjects(dependencies)),
    unary(contract.verifyObjects, createVerifyObjects(dependencies)),
    unary(contract.describeStorage, createDescribeStorage(dependencies)),
  ];
}
