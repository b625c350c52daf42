/** Of Node.js, for each service. How each was found is told in docs/decisions/0007-garbage-collection.md. */
export const heapFlags: readonly string[] = [
  // Streaming makes V8 look for garbage all the time, and this makes that cheap.
  '--no-incremental-marking',
  // What lives in a service is small, so its young generation need not be large.
  '--max-semi-space-size=8',
  // Lets a service collect by itself what is old.
  '--expose-gc',
];
