import { applicationDefaultCredentials, noCredentials, type Credentials } from './credentials.js';
import { createJsonApi, type JsonApi } from './json-api.js';
import {
  gcsDefaults,
  limitsOf,
  type GcsDependencies,
  type GcsLimits,
  type GcsOptions,
} from './options.js';

export interface OpenedApi {
  readonly api: JsonApi;
  readonly limits: GcsLimits;
  readonly credentials: Credentials;
}

/** Nothing is sent yet. */
export function openApi(
  options: GcsOptions,
  { clock, random = Math.random, credentials: given }: Omit<GcsDependencies, 'checksum'>,
): OpenedApi {
  const limits = limitsOf(options);
  const endpoint = new URL(options.apiEndpoint ?? gcsDefaults.apiEndpoint);
  if (endpoint.pathname !== '/') throw new RangeError('apiEndpoint must be without a path');
  const credentials = given ?? credentialsFor(endpoint, options.projectId);
  return {
    api: createJsonApi(endpoint, limits, { clock, random, credentials }),
    limits,
    credentials,
  };
}

/** Credentials go nowhere in the clear. */
function credentialsFor(endpoint: URL, projectId: string | undefined): Credentials {
  return endpoint.protocol === 'https:'
    ? applicationDefaultCredentials(projectId)
    : noCredentials(projectId);
}
