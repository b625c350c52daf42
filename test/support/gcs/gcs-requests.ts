import { once } from 'node:events';
import { request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { GcsServer } from './gcs-types.js';

export interface GcsRequest {
  /** `GET` if not given. */
  readonly method?: string;
  /** From the slash on, or a session's whole address. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

export interface GcsAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** The body as JSON. */
  json(): Record<string, unknown>;
  /** The first reason of an error. */
  reason(): unknown;
}

interface ErrorBody {
  readonly error?: { readonly errors?: readonly { readonly reason?: unknown }[] };
}

/** One request on a connection of its own, as it stands here and without anything added. */
export async function sendGcs(server: GcsServer, asked: GcsRequest): Promise<GcsAnswer> {
  const response = await openGcs(server, asked);
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  const json = (): Record<string, unknown> =>
    JSON.parse(body.toString()) as Record<string, unknown>;
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    body,
    json,
    reason: () => (json() as ErrorBody).error?.errors?.[0]?.reason,
  };
}

/** The same up to the answer's head. */
export async function openGcs(server: GcsServer, asked: GcsRequest): Promise<IncomingMessage> {
  const { method = 'GET', path, headers = {}, body } = asked;
  const url = new URL(path, server.apiEndpoint);
  const sent = request(server.apiEndpoint, {
    method,
    agent: false,
    // The path as it was given, with its dots and its encoding.
    path: path.startsWith('/') ? path : `${url.pathname}${url.search}`,
    headers: { 'Content-Length': String(Buffer.byteLength(body ?? '')), ...headers },
  });
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return response;
}

/** A body of `multipart/related` with its content type. */
export function multipartGcs(
  metadata: Readonly<Record<string, unknown>>,
  payload: string | Uint8Array,
  mediaType = 'text/plain',
): Pick<GcsRequest, 'headers' | 'body'> {
  const head =
    `--edge\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n${JSON.stringify(metadata)}` +
    `\r\n--edge\r\nContent-Type: ${mediaType}\r\n\r\n`;
  return {
    headers: { 'Content-Type': 'multipart/related; boundary=edge' },
    body: Buffer.concat([Buffer.from(head), Buffer.from(payload), Buffer.from('\r\n--edge--')]),
  };
}

/** A request that puts `text` as the object `name` into the bucket `b` of tests. */
export function putGcs(name: string, text: string, query = ''): GcsRequest {
  return {
    method: 'POST',
    path: `${uploadsPath}?uploadType=media&name=${encodeURIComponent(name)}${query}`,
    headers: { 'Content-Type': 'text/plain' },
    body: text,
  };
}

export const testBucket = 'bucket';
export const uploadsPath = `/upload/storage/v1/b/${testBucket}/o`;
export const objectsPath = `/storage/v1/b/${testBucket}/o`;
