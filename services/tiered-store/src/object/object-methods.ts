import { object } from '@holdfast/contracts';
import {
  bidi,
  download,
  rawMethod,
  rawRequests,
  rawResponses,
  unary,
  upload,
  type RpcMethod,
} from '@holdfast/rpc';
import { batchLimits } from '../batch/batch-limits.js';
import { batchObjectsHandler, type BatchObjectsDependencies } from '../batch/batch-objects.js';
import { deleteObjectHandler } from './delete-object.js';
import { getObjectHandler } from './get-object.js';
import { headObjectHandler } from './head-object.js';
import { listObjectsHandler } from './list-objects.js';
import type { ObjectDependencies } from './object-dependencies.js';
import { putObjectHandler, type PutObjectOptions } from './put-object.js';

const contract = object.ObjectServiceService;

/** Every call of the ObjectService. */
export function objectMethods(
  options: PutObjectOptions & { readonly drainMs: number },
  dependencies: ObjectDependencies & BatchObjectsDependencies,
): readonly RpcMethod[] {
  return [
    upload(rawRequests(contract.putObject), putObjectHandler(options, dependencies)),
    download(rawResponses(contract.getObject), getObjectHandler(dependencies)),
    unary(contract.headObject, headObjectHandler(dependencies)),
    unary(contract.deleteObject, deleteObjectHandler(dependencies)),
    unary(rawResponses(contract.listObjects), listObjectsHandler(dependencies)),
    bidi(
      rawMethod(contract.batchObjects),
      batchObjectsHandler(batchLimits(options.drainMs), dependencies),
      {
        stallWhileReading: false,
      },
    ),
  ];
}
