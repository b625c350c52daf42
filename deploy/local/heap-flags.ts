/** Of Node.js, for each service. How each was found is told in docs/decisions/0007-garbage-collection.md. */
export const heapFlags: readonly string[] = [
  // Streaming makes V8 look for garbage all the time, and this makes that cheap.
  '--no-incremental-marking',
  // What lives in a service is small. Without these its garbage grows to several times that, and stays.
  '--max-semi-space-size=8',
  '--initial-old-space-size=32',
  '--heap-growing-percent=20',
];
