/*
 * The messages of the contract as the loader makes them, as far as the tests look at them. What has
 * its default value is left out.
 */
export interface IdMessage {
  readonly usecase: string;
  readonly scopes?: readonly { readonly name: string; readonly value: string }[];
  readonly key?: string;
}

export interface InstantMessage {
  readonly seconds?: number;
  readonly nanos?: number;
}

export interface MetadataMessage {
  readonly contentType?: string;
  readonly contentEncoding?: string;
  readonly expiration?: { readonly ttl?: InstantMessage; readonly tti?: InstantMessage };
  readonly origin?: string;
  readonly fileName?: string;
  readonly custom?: readonly { readonly name: string; readonly value?: string }[];
}

export interface PutHeaderMessage {
  readonly objectId: IdMessage;
  readonly metadata?: MetadataMessage;
  readonly condition?: { readonly ifAbsent?: boolean; readonly ifRevision?: string };
}

export interface FinishMessage {
  readonly size?: number;
  readonly crc32c?: number;
}

export interface UploadMessage {
  readonly header?: PutHeaderMessage;
  readonly chunk?: Uint8Array;
  readonly finish?: FinishMessage;
}

export interface PutAnswer {
  readonly objectId: IdMessage;
  readonly revision: string;
  readonly size?: number;
  readonly crc32c?: number;
}

export interface InfoMessage {
  readonly objectId: IdMessage;
  readonly metadata: MetadataMessage;
  readonly revision: string;
  readonly size?: number;
  readonly crc32c?: number;
  readonly timeCreated: InstantMessage;
  readonly timeExpires?: InstantMessage;
}

export interface SpanMessage {
  readonly offset?: number;
  readonly length?: number;
}

export interface GetMessage {
  readonly objectId: IdMessage;
  readonly range?: { readonly first?: number; readonly suffix?: number; readonly last?: number };
  readonly ifRevision?: string;
}

export interface GetAnswer {
  readonly header?: { readonly object: InfoMessage; readonly span: SpanMessage };
  readonly chunk?: Buffer;
}

export interface ListAnswer {
  readonly objects?: readonly InfoMessage[];
  readonly nextPageToken?: string;
}

export interface BatchAnswer {
  readonly results?: readonly BatchResultMessage[];
}

export interface BatchResultMessage {
  readonly index?: number;
  readonly error?: { readonly code?: number; readonly message?: string };
  readonly put?: PutAnswer;
  readonly get?: {
    readonly object: InfoMessage;
    readonly span: SpanMessage;
    readonly payload?: Buffer;
  };
  readonly head?: { readonly object: InfoMessage };
  readonly delete?: { readonly deletedRevision?: string };
}

export interface ChangesAnswer {
  readonly changes?: readonly { readonly changeId: string }[];
  readonly undecided?: readonly unknown[];
}

export interface BlobsAnswer {
  readonly blobs?: readonly { readonly name: string }[];
  readonly undecided?: readonly unknown[];
}
