import { sweeper } from '@holdfast/contracts';
import { download, unary, type RpcMethod } from '@holdfast/rpc';
import { createCancelSweep } from './cancel-sweep.js';
import type { DutySettings } from '../sweeping/duty-settings.js';
import type { OperatorDependencies } from './dependencies.js';
import { createListReports } from './list-reports.js';
import { createTrigger } from './start-sweep.js';
import { readReclaimRequest, readRequest } from './sweep-requests.js';

const contract = sweeper.SweeperServiceService;

/** Every call of the SweeperService. */
export function sweeperMethods(
  { duties }: { readonly duties: DutySettings },
  dependencies: OperatorDependencies,
): readonly RpcMethod[] {
  return [
    download(
      contract.recoverChanges,
      createTrigger((request) => readRequest('recover-changes', request), dependencies),
    ),
    download(
      contract.reclaimOrphans,
      createTrigger((request) => readReclaimRequest(request, duties.reclaimOrphans), dependencies),
    ),
    download(
      contract.expireObjects,
      createTrigger((request) => readRequest('expire-objects', request), dependencies),
    ),
    download(
      contract.verifyObjects,
      createTrigger((request) => readRequest('verify-objects', request), dependencies),
    ),
    unary(contract.listReports, createListReports(dependencies)),
    unary(contract.cancelSweep, createCancelSweep(dependencies)),
  ];
}
