import {
  blobNameOf,
  changeIdOf,
  formatRevision,
  later,
  manualExpiration,
  parseObjectId,
  type ChangeId,
  type Clock,
  type InlineRow,
  type ObjectId,
  type ObjectMetadata,
  type Revision,
  type Scope,
  type TombstoneRow,
} from '@holdfast/domain';

/** Makes rows and names that differ from each other, the same ones in every run. */
export interface RowFixtures {
  /** Without a key, one that no earlier call named. */
  id(key?: string, usecase?: string, scopes?: readonly Scope[]): ObjectId;
  revision(): Revision;
  changeId(): ChangeId;
  metadata(overrides?: Partial<ObjectMetadata>): ObjectMetadata;
  inline(text: string, overrides?: Partial<ObjectMetadata>): InlineRow;
  tombstone(id: ObjectId, overrides?: Partial<ObjectMetadata>): TombstoneRow;
  /** Metadata that expires `ms` from now. */
  expiringIn(ms: number): Partial<ObjectMetadata>;
  /** The same, of the one policy whose expiry can be moved. */
  idleIn(ms: number): Partial<ObjectMetadata>;
}

const encoder = new TextEncoder();
const countersPerMs = 4096;

export function createRowFixtures(clock: Clock): RowFixtures {
  let made = 0;

  function revision(): Revision {
    made += 1;
    const random = new Uint8Array(8);
    new DataView(random.buffer).setUint32(4, made);
    const time = later(clock.now(), Math.floor(made / countersPerMs));
    return formatRevision(time, made % countersPerMs, random);
  }

  function metadata(overrides: Partial<ObjectMetadata> = {}): ObjectMetadata {
    return {
      contentType: 'text/plain',
      expiration: manualExpiration,
      custom: new Map(),
      revision: revision(),
      timeCreated: clock.now(),
      size: 0,
      crc32c: 0,
      ...overrides,
    };
  }

  return {
    revision,
    metadata,
    changeId: () => changeIdOf(revision()),
    id: (key, usecase = 'contract', scopes = []) =>
      parseObjectId({ usecase, scopes, key: key ?? `key-${revision()}` }),
    inline(text, overrides) {
      const payload = encoder.encode(text);
      return {
        kind: 'inline',
        metadata: metadata({ size: payload.length, ...overrides }),
        payload,
      };
    },
    tombstone(id, overrides) {
      const fields = metadata({ size: 3_000_000, ...overrides });
      return { kind: 'tombstone', metadata: fields, blob: blobNameOf(id, fields.revision) };
    },
    expiringIn: (ms) => ({
      expiration: { kind: 'ttl', ms },
      timeExpires: later(clock.now(), ms),
    }),
    idleIn: (ms) => ({
      expiration: { kind: 'tti', ms },
      timeExpires: later(clock.now(), ms),
    }),
  };
}

/**
 * Plain data, for comparing: a Buffer is as good as any other Uint8Array, and a field that is
 * undefined as good as one left out.
 */
export function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Uint8Array.from(value);
  if (value instanceof Map) return value;
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const given = Object.entries(value).filter(([, field]) => field !== undefined);
  return Object.fromEntries(given.map(([name, field]) => [name, plain(field)]));
}
