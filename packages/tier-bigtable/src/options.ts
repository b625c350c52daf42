export interface BigtableOptions {
  /** Left out, it is that of the Application Default Credentials. */
  readonly projectId?: string | undefined;
  readonly instanceId: string;
  readonly tableId: string;
  /** It must route to a single cluster: conditional writes of a row are atomic only there. */
  readonly appProfileId?: string | undefined;
  /** `host:port` of an emulator, which is spoken to without credentials and without TLS. */
  readonly emulatorHost?: string | undefined;
  /** Connections. Each carries about 100 calls at once; further calls wait for one to end. */
  readonly connections?: number | undefined;
  /** A call of a port is answered or given up within this. */
  readonly callMsMax?: number | undefined;
  /** One attempt of a call that may be repeated is given up after this. */
  readonly attemptMsMax?: number | undefined;
  /** How often a call that may be repeated is attempted. */
  readonly attemptsMax?: number | undefined;
}

type OptionsWithDefault = 'connections' | 'callMsMax' | 'attemptMsMax' | 'attemptsMax';

export type ResolvedBigtableOptions = Omit<BigtableOptions, OptionsWithDefault> & {
  readonly [Name in OptionsWithDefault]: number;
};

export const bigtableDefaults = {
  connections: 6,
  callMsMax: 20_000,
  attemptMsMax: 6_000,
  attemptsMax: 4,
} as const;

export function resolveBigtableOptions(options: BigtableOptions): ResolvedBigtableOptions {
  return {
    projectId: options.projectId,
    instanceId: options.instanceId,
    tableId: options.tableId,
    appProfileId: options.appProfileId,
    emulatorHost: options.emulatorHost,
    connections: options.connections ?? bigtableDefaults.connections,
    callMsMax: options.callMsMax ?? bigtableDefaults.callMsMax,
    attemptMsMax: options.attemptMsMax ?? bigtableDefaults.attemptMsMax,
    attemptsMax: options.attemptsMax ?? bigtableDefaults.attemptsMax,
  };
}
