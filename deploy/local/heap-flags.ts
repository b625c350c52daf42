/** Of Node.js, for each service. How each was found is told in docs/decisions/0007-garbage-collection.md. */
export const heapFlags: readonly string[] = [
  // Streaming makes V8 look for garbage all the time, and this makes that cheap.
  '--no-incremental-marking',
  // What lives in a service is small. So the young generation need not be large,
  '--max-semi-space-size=8',
  // and the service itself looks for garbage among what is old.
  '--expose-gc',
];
