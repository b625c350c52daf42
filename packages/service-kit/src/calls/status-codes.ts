/** The gRPC status codes by number. */
const names = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
] as const;

const ok = 0;

export function codeName(code: number): string {
  return names[code] ?? 'UNKNOWN';
}

export function isOk(code: number): boolean {
  return code === ok;
}

/** Codes by which a server says that the fault is its own, and not the caller's. */
const serverFaults: ReadonlySet<string> = new Set([
  'UNKNOWN',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
]);

export function isServerFault(code: number): boolean {
  return serverFaults.has(codeName(code));
}
