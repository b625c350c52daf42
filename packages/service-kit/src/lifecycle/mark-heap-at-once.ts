import { setFlagsFromString } from 'node:v8';

/**
 * Lets the garbage collector mark the heap in one go, and not bit by bit beside the program.
 *
 * Payloads pass through buffers outside of the heap. V8 takes their turnover for growth, and marks the
 * whole heap again for every 30 MiB or so that pass. Bit by bit that costs several times what it costs
 * at once, and it was most of what streaming cost. At once it is a pause of a few milliseconds, since
 * what a service keeps in its heap is small. To be called before anything else.
 */
export function markHeapAtOnce(): void {
  setFlagsFromString('--no-incremental-marking');
}
