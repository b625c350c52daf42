import type { google } from '@google-cloud/bigtable/build/protos/protos.js';

/*
 * The messages of Bigtable's data API that are spoken here, by short names. They are plain data; the
 * client library makes bytes of them.
 */
export type RowFilter = google.bigtable.v2.IRowFilter;
export type Mutation = google.bigtable.v2.IMutation;
export type ReadRowsRequest = google.bigtable.v2.IReadRowsRequest;
export type CheckAndMutateRequest = google.bigtable.v2.ICheckAndMutateRowRequest;
