import type { GcsRequestKind, RequestRecord } from './gcs-types.js';

export interface RequestLog {
  add(request: Pick<RequestRecord, 'method' | 'path' | 'authorization'>): LoggedRequest;
  all(): readonly RequestRecord[];
  clear(): void;
}

export interface LoggedRequest {
  is(kind: GcsRequestKind): void;
  answered(status: number): void;
}

/** A load test sends more; then the oldest go. */
const recordsMax = 100_000;

export function createRequestLog(): RequestLog {
  let records: { -readonly [name in keyof RequestRecord]: RequestRecord[name] }[] = [];
  return {
    add(request) {
      const record = { ...request, kind: 'unknown' as GcsRequestKind, status: 0 };
      records.push(record);
      if (records.length > recordsMax) records = records.slice(recordsMax / 2);
      return {
        is: (kind) => {
          record.kind = kind;
        },
        answered: (status) => {
          record.status = status;
        },
      };
    },
    all: () => records.map((record) => ({ ...record })),
    clear: () => {
      records = [];
    },
  };
}
