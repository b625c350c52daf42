import type { HookableMethod, HookedPort } from '@holdfast/testkit';

export interface Gate {
  readonly passed: Promise<void>;
  open(): void;
}

export function createGate(): Gate {
  let open: () => void = () => undefined;
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open };
}

/** One call of a port that stands still until it is released. */
export interface HeldCall {
  /** Resolves when the call has got to where it is held. */
  readonly reached: Promise<void>;
  release(): void;
}

/** Holds the next call of `method`: before its effect, or after it and before its reply. */
export function holdNext<Port>(
  hooked: HookedPort<Port>,
  method: HookableMethod<Port>,
  when: 'before' | 'after' = 'before',
): HeldCall {
  const reached = createGate();
  const released = createGate();
  const unhook = hooked.hook(method, {
    [when]: async () => {
      unhook();
      reached.open();
      await released.passed;
    },
  });
  return { reached: reached.passed, release: released.open };
}

/** Fails the next call of `method`: before its effect, or after it, so that its reply is lost. */
export function failNext<Port>(
  hooked: HookedPort<Port>,
  method: HookableMethod<Port>,
  error: Error,
  when: 'before' | 'after' = 'before',
): void {
  const unhook = hooked.hook(method, {
    [when]: () => {
      unhook();
      throw error;
    },
  });
}

/** Fails every call of `method` before its effect, until the function that is answered is called. */
export function failAll<Port>(
  hooked: HookedPort<Port>,
  method: HookableMethod<Port>,
  error: Error,
): () => void {
  return hooked.hook(method, {
    before: () => {
      throw error;
    },
  });
}

/** Does something just before the next call of `method`. */
export function beforeNext<Port>(
  hooked: HookedPort<Port>,
  method: HookableMethod<Port>,
  act: () => void | Promise<void>,
): void {
  const unhook = hooked.hook(method, {
    before: async () => {
      unhook();
      await act();
    },
  });
}
