/** What a test has opened, to be closed after it however it ended. */
export interface Closers {
  /** Answers what it was given. */
  add<Opened extends Closeable>(opened: Opened): Opened;
  onClose(close: () => void | Promise<void>): void;
  /** The last first. */
  closeAll(): Promise<void>;
}

export type Closeable =
  | { readonly close: () => Promise<void> }
  | { readonly stop: () => Promise<void> }
  | { readonly remove: () => Promise<void> };

export function createClosers(): Closers {
  const closers: (() => void | Promise<void>)[] = [];

  return {
    add(opened) {
      closers.push(() => closerOf(opened)());
      return opened;
    },
    onClose: (close) => void closers.push(close),
    async closeAll() {
      for (const close of closers.splice(0).toReversed()) await close();
    },
  };
}

function closerOf(opened: Closeable): () => Promise<void> {
  if ('close' in opened) return () => opened.close();
  return 'stop' in opened ? () => opened.stop() : () => opened.remove();
}
