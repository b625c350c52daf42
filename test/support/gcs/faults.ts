import type { GcsFault, GcsFaultAction, GcsRequestKind } from './gcs-types.js';

export interface Faults {
  add(fault: GcsFault): void;
  clear(): void;
  /** What strikes a request of this kind, which counts as one more that came. */
  strike(kind: GcsRequestKind): GcsFaultAction | undefined;
}

interface ArmedFault {
  readonly fault: GcsFault;
  toPass: number;
  toStrike: number;
}

export function createFaults(): Faults {
  const armed = new Set<ArmedFault>();
  return {
    add: (fault) => {
      armed.add({ fault, toPass: fault.after ?? 0, toStrike: fault.times ?? 1 });
    },
    clear: () => armed.clear(),
    strike(kind) {
      const reached = [...armed].filter((one) => isReached(one, kind));
      const first = reached[0];
      if (first === undefined) return undefined;
      first.toStrike -= 1;
      if (first.toStrike === 0) armed.delete(first);
      return first.fault;
    },
  };
}

function isReached(one: ArmedFault, kind: GcsRequestKind): boolean {
  if (one.fault.kind !== undefined && one.fault.kind !== kind) return false;
  if (one.toPass === 0) return true;
  one.toPass -= 1;
  return false;
}

/** The connection was cut by a fault in the middle of a request's body. */
export class ConnectionCut extends Error {
  readonly keeps: boolean;

  constructor(keeps: boolean) {
    super('the connection was cut');
    this.name = 'ConnectionCut';
    this.keeps = keeps;
  }
}

/** A request's body as far as a fault lets it come. `cut` ends the connection. */
export async function* bodyUnderFault(
  body: AsyncIterable<Uint8Array>,
  fault: GcsFaultAction | undefined,
  cut: () => void,
): AsyncGenerator<Uint8Array> {
  if (fault === undefined || !('cutAfterRequestBytes' in fault)) {
    yield* body;
    return;
  }
  let left = fault.cutAfterRequestBytes;
  if (left > 0) {
    for await (const chunk of body) {
      const part = chunk.subarray(0, left);
      left -= part.length;
      yield part;
      if (left === 0) break;
    }
  }
  if (left > 0) return;
  cut();
  throw new ConnectionCut(fault.keeps === true);
}
