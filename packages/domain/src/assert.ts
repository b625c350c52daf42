/**
 * Stops on what only a bug could cause. It guards storage before and after an effect; input is
 * never asserted, it is parsed and answered with a `DomainError`.
 */
export function assert(condition: boolean, why: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${why}`);
}
