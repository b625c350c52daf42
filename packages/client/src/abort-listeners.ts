/**
 * The listeners of a signal, behind a single one of its own: a signal looks through a list for every
 * listener that goes, and one signal may serve thousands of calls at a time.
 */
class AbortListeners {
  private readonly entries: Entry[] = [];

  constructor(signal: AbortSignal) {
    signal.addEventListener('abort', () => this.callAll(), { once: true });
  }

  add(call: () => void): () => void {
    const entry: Entry = { call, at: this.entries.length };
    this.entries.push(entry);
    return () => this.remove(entry);
  }

  private remove(entry: Entry): void {
    const last = this.entries.at(-1);
    if (last === undefined || entry.at < 0) return;
    this.entries[entry.at] = last;
    last.at = entry.at;
    entry.at = -1;
    this.entries.pop();
  }

  private callAll(): void {
    for (const entry of this.entries.splice(0)) {
      entry.at = -1;
      entry.call();
    }
  }
}

interface Entry {
  readonly call: () => void;
  /** Where it is among the entries; below 0 once it is not. */
  at: number;
}

/** It belongs to the signals, and goes with them. */
const listenersOf = new WeakMap<AbortSignal, AbortListeners>();

/**
 * Calls `listener` when the signal aborts, until what it returns is called. Of a signal that has
 * aborted already nothing is heard.
 */
export function onAbort(signal: AbortSignal | undefined, listener: () => void): () => void {
  if (signal === undefined) return nothing;
  let listeners = listenersOf.get(signal);
  if (listeners === undefined) {
    listeners = new AbortListeners(signal);
    listenersOf.set(signal, listeners);
  }
  return listeners.add(listener);
}

function nothing(): void {
  // There was no signal to listen to.
}
