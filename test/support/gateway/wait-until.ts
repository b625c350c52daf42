const waitMsMax = 10_000;

/** Resolves as soon as the condition holds; it is looked at again and again, for a bounded time. */
export async function waitUntil(
  what: string,
  holds: () => boolean | Promise<boolean>,
  msMax = waitMsMax,
): Promise<void> {
  const until = Date.now() + msMax;
  while (!(await holds())) {
    if (Date.now() > until) throw new Error(`it did not come to this: ${what}`);
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
  }
}
