import type { Storage } from '@google-cloud/storage';

type GoogleAuth = Storage['authClient'];

/** Who asks. Both may go over the network. */
export interface Credentials {
  /** The headers that prove it. */
  headers(): Promise<Readonly<Record<string, string>>>;
  projectId(): Promise<string>;
}

/** For a server of one's own, which asks for none. */
export function noCredentials(projectId: string | undefined): Credentials {
  return {
    headers: async () => ({}),
    projectId: async () => projectId ?? 'holdfast',
  };
}

/**
 * Application Default Credentials. The library is loaded when they are first needed: it is large, and
 * a process that keeps its blobs elsewhere is not to pay for it.
 */
export function applicationDefaultCredentials(projectId: string | undefined): Credentials {
  let loading: Promise<GoogleAuth> | undefined;

  async function load(): Promise<GoogleAuth> {
    const { Storage } = await import('@google-cloud/storage');
    return new Storage(projectId === undefined ? {} : { projectId }).authClient;
  }

  const auth = (): Promise<GoogleAuth> => (loading ??= load());
  return {
    headers: async () => ({ ...(await (await auth()).getRequestHeaders()) }),
    projectId: async () => projectId ?? (await auth()).getProjectId(),
  };
}
