/** What the person at the keyboard wants, or a supervisor. */
export interface StopSignals {
  /** Aborts at the first Ctrl-C: let what runs come to its end. */
  readonly asked: AbortSignal;
  /** Aborts at another one: do not wait for anything. */
  readonly insisted: AbortSignal;
}

/**
 * One Ctrl-C arrives twice under npm: from the terminal, which tells everybody in the foreground, and
 * from npm, which passes on its own. Nobody presses so fast on purpose.
 */
const samePressMs = 500;

export function watchForStop(): StopSignals {
  const asked = new AbortController();
  const insisted = new AbortController();
  let firstAt: number | undefined;

  const press = (): void => {
    const now = performance.now();
    firstAt ??= now;
    if (!asked.signal.aborted) asked.abort();
    else if (now - firstAt > samePressMs) insisted.abort();
  };
  // A closed terminal sends SIGHUP.
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, press);
  return { asked: asked.signal, insisted: insisted.signal };
}
