type AsyncMethod = (...args: never[]) => Promise<unknown>;

/** The methods of a port that answer a promise: those that a test may interfere with. */
export type HookableMethod<Port> = {
  [Key in keyof Port]: Port[Key] extends AsyncMethod ? Key : never;
}[keyof Port];

type ArgsOf<Method> = Method extends (...args: infer Args) => Promise<unknown> ? Args : never;
type ResultOf<Method> = Method extends (...args: never[]) => Promise<infer Result> ? Result : never;

export interface Hook<Method> {
  /** Runs before the call. What it throws is answered, and the call does not happen. */
  before?(...args: ArgsOf<Method>): void | Promise<void>;
  /** Runs after the call took effect. What it throws is answered: the reply is lost. */
  after?(result: ResultOf<Method>, ...args: ArgsOf<Method>): void | Promise<void>;
  /** Runs in place of the call. */
  instead?(...args: ArgsOf<Method>): Promise<ResultOf<Method>>;
}

export interface HookedPort<Port> {
  readonly port: Port;
  /**
   * Interferes with one method until the function that is answered is called. Hooks of one method
   * run in the order they were added; the last `instead` wins.
   */
  hook<Key extends HookableMethod<Port>>(
    this: void,
    method: Key,
    hook: Hook<Port[Key]>,
  ): () => void;
}

interface AnyHook {
  before?(...args: unknown[]): unknown;
  after?(result: unknown, ...args: unknown[]): unknown;
  instead?(...args: unknown[]): Promise<unknown>;
}

type AnyMethod = (...args: unknown[]) => unknown;

/** Wraps a port so that a test can fail, delay or replace calls of its methods. */
export function withHooks<Port extends object>(real: Port): HookedPort<Port> {
  const hooks = new Map<PropertyKey, readonly AnyHook[]>();

  function wrap(key: PropertyKey, method: AnyMethod): AnyMethod {
    return (...args) => {
      const active = hooks.get(key) ?? [];
      // Without a hook the call stays as synchronous as it was.
      return active.length === 0
        ? method.apply(real, args)
        : callHooked(active, (...given) => method.apply(real, given), args);
    };
  }

  const port = new Proxy(real, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key, target);
      return isMethod(member) ? wrap(key, member) : member;
    },
  });

  return {
    port,
    hook(method, hook) {
      const added = eraseTypes(hook);
      hooks.set(method, [...(hooks.get(method) ?? []), added]);
      return () => {
        const left = hooks.get(method) ?? [];
        hooks.set(
          method,
          left.filter((other) => other !== added),
        );
      };
    },
  };
}

async function callHooked(
  hooks: readonly AnyHook[],
  method: AnyMethod,
  args: readonly unknown[],
): Promise<unknown> {
  for (const hook of hooks) await hook.before?.(...args);
  const replacement = hooks.findLast((hook) => hook.instead !== undefined);
  const result = await (replacement?.instead?.(...args) ?? method(...args));
  for (const hook of hooks) await hook.after?.(result, ...args);
  return result;
}

function isMethod(member: unknown): member is AnyMethod {
  return typeof member === 'function';
}

/** The Proxy hands a method's own arguments and result to its hooks, so the types hold by key. */
function eraseTypes<Method>(hook: Hook<Method>): AnyHook {
  return { ...hook };
}
