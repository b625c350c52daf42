import type { Metadata } from '@grpc/grpc-js';
import type { object } from '@holdfast/contracts';

export type Outcome = object.BatchResult['outcome'];

/** What a scripted store does; what is left out, it does as a small store in memory would. */
export interface StoreScript {
  /** The result of an operation: `never` leaves it unanswered. */
  operation?(operation: SeenOperation): Outcome | 'never' | Promise<Outcome | 'never'>;
  /** Runs with each upload, before anything of it is read. */
  upload?(upload: SeenUpload): void;
  /** The messages of a download, at the reader's pace; a throw ends it with that error. */
  download?(download: SeenDownload): AsyncIterable<object.GetObjectResponse>;
  list?(request: object.ListObjectsRequest, metadata: Metadata): object.ListObjectsResponse;
}

export interface SeenOperation {
  readonly operation: object.BatchOperation;
  /** Of the stream: `single` or `bulk`. */
  readonly traffic: string;
}

export interface SeenUpload {
  readonly metadata: Metadata;
  readonly messages: object.PutObjectRequest[];
  bytes: number;
  /** The gateway closed its side; on a cancel grpc-js says the same. */
  hasEnded: boolean;
  isCancelled: boolean;
  /** Messages are taken only while it is not paused. */
  pause(): void;
  resume(): void;
  answer(response: object.PutObjectResponse): void;
  fail(error: object): void;
}

export interface SeenDownload {
  readonly request: object.GetObjectRequest;
  readonly metadata: Metadata;
  isCancelled: boolean;
  sent: number;
}
