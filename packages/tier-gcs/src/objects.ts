import { refusal, saidBy } from './errors.js';
import type { ApiPaths } from './api-paths.js';
import type { Answer, JsonApi } from './json-api.js';
import { objectFields, parseObjectResource, type ObjectResource } from './object-resource.js';

/** What the operations of the tier have in common. */
export interface Objects {
  readonly api: JsonApi;
  readonly paths: ApiPaths;
  /** The live object of that name, or `undefined` if there is none, or not that `generation` of it. */
  look(
    name: string,
    generation?: string,
    signal?: AbortSignal,
  ): Promise<ObjectResource | undefined>;
  /** Removes that generation; false if it is not there. */
  remove(name: string, generation: string): Promise<boolean>;
  /**
   * Whether an answer says that there is no such object. That the bucket is missing is told by the
   * same status, and thrown: to take it for a missing object would be to forget every blob in it.
   */
  isMissing(answer: Answer): Promise<boolean>;
}

/** How the service words it. Another wording is looked into. */
const missingObject = /^No such object: /;

export function createObjects(api: JsonApi, paths: ApiPaths): Objects {
  async function isMissing(answer: Answer): Promise<boolean> {
    if (answer.status !== 404) return false;
    if (missingObject.test(saidBy(answer))) return true;
    const path = paths.objects({ maxResults: 1, fields: 'kind' });
    const listed = await api.call({ method: 'GET', path });
    if (listed.status === 200) return true;
    throw refusal('finding out why an object is missing', listed);
  }

  return {
    api,
    paths,
    isMissing,

    async look(name, generation, signal) {
      const path = paths.object(name, { generation, fields: objectFields });
      const answer = await api.call({ method: 'GET', path }, signal);
      if (answer.status === 200) return parseObjectResource(answer.body);
      if (await isMissing(answer)) return undefined;
      throw refusal('looking at an object', answer);
    },

    async remove(name, generation) {
      const path = paths.object(name, { generation });
      const answer = await api.call({ method: 'DELETE', path });
      if (answer.status === 204 || answer.status === 200) return true;
      if (await isMissing(answer)) return false;
      throw refusal('removing an object', answer);
    },
  };
}
