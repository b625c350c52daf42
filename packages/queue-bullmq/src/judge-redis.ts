/** What a server tells about itself. */
export interface RedisFacts {
  readonly version: string;
  readonly evictionPolicy?: string | undefined;
  readonly persistence: 'aof' | 'rdb' | 'none' | 'unknown';
  readonly isReplica: boolean;
  /** Its limit, and 0 without one. */
  readonly memoryBytesMax?: number | undefined;
}

export interface RedisProblem {
  /** `refuse`: jobs would vanish while all seems well. `warn`: jobs may be lost, which costs time. */
  readonly severity: 'refuse' | 'warn';
  readonly text: string;
}

const versionMin = { major: 6, minor: 2 } as const;
/** Room for some hundred thousand jobs. */
const memoryBytesMin = 256 * 2 ** 20;

/** What is wrong with such a Redis as a place for jobs. */
export function judgeRedis(facts: RedisFacts): readonly RedisProblem[] {
  return [versionProblem, replicaProblem, evictionProblem, memoryProblem, persistenceProblem]
    .map((judge) => judge(facts))
    .filter((problem) => problem !== undefined);
}

type Judge = (facts: RedisFacts) => RedisProblem | undefined;

const versionProblem: Judge = ({ version }) => {
  const [major, minor] = version.split('.').map(Number);
  if (major === undefined || minor === undefined || Number.isNaN(major)) return undefined;
  const { major: majorMin, minor: minorMin } = versionMin;
  if (major > majorMin || (major === majorMin && minor >= minorMin)) return undefined;
  return refuse(`its version is ${version}: ${majorMin}.${minorMin} or later is needed`);
};

const replicaProblem: Judge = ({ isReplica }) =>
  isReplica ? refuse('it is a replica, which takes no jobs: name the primary') : undefined;

const evictionProblem: Judge = ({ evictionPolicy }) => {
  if (evictionPolicy === 'noeviction') return undefined;
  if (evictionPolicy === undefined) {
    return warn('its maxmemory-policy could not be read: make sure that it is noeviction');
  }
  return refuse(
    `its maxmemory-policy is ${evictionPolicy}, which removes jobs when memory is short: it must be noeviction`,
  );
};

const memoryProblem: Judge = ({ memoryBytesMax = 0 }) => {
  if (memoryBytesMax === 0 || memoryBytesMax >= memoryBytesMin) return undefined;
  return warn(
    `its maxmemory is ${memoryBytesMax} bytes: once they are full it takes no further jobs, and cleanup waits until they are found again; set at least ${memoryBytesMin}, or 0`,
  );
};

const persistenceProblem: Judge = ({ persistence }) => {
  switch (persistence) {
    case 'aof':
      return undefined;
    case 'rdb':
      return warn(
        'it writes snapshots only: a restart loses the jobs since the last one, and cleanup waits until they are found again; set appendonly yes',
      );
    case 'none':
      return warn(
        'it writes nothing to disk: a restart loses all jobs, and cleanup waits until they are found again; set appendonly yes',
      );
    case 'unknown':
      return warn('whether it writes to disk could not be read: make sure that appendonly is yes');
  }
};

function refuse(text: string): RedisProblem {
  return { severity: 'refuse', text };
}

function warn(text: string): RedisProblem {
  return { severity: 'warn', text };
}
