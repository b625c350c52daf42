import { ApiError, invalid } from './api-error.js';
import type { Call } from './gcs-state.js';

export type JsonRecord = Readonly<Record<string, unknown>>;

/** More than any resource of the service may have. */
const jsonBytesMax = 1024 * 1024;

/** A JSON body with its content type, which a body that has bytes must have. */
export async function readJsonBody(call: Call): Promise<JsonRecord> {
  const text = await readText(call.body);
  if (text === '') return {};
  checkJsonType(call.headers['content-type']);
  return parseJson(text);
}

async function readText(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    // The rest is read as well, so that its sender comes to read the answer.
    size += chunk.length;
    if (size <= jsonBytesMax) chunks.push(chunk);
  }
  if (size > jsonBytesMax) throw new ApiError(413, 'uploadTooLarge', 'The body is too large.');
  return decodeUtf8(Buffer.concat(chunks));
}

/** Refuses what is no UTF-8, which would be stored as something else. */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw Object.assign(new ApiError(400, 'parseError', 'Parse Error'), { cause });
  }
}

export function checkJsonType(contentType: string | undefined): void {
  const [type = '', ...parameters] = (contentType ?? '').toLowerCase().split(';');
  const isUtf8 = parameters.every((one) => /^\s*charset="?utf-8"?\s*$/u.test(one));
  if (type.trim() === 'application/json' && isUtf8) return;
  const message = `Unsupported content with type: ${contentType ?? 'none'}`;
  throw new ApiError(400, 'badContent', message);
}

export function parseJson(text: string): JsonRecord {
  try {
    return asRecord(JSON.parse(text), 'the body');
  } catch (cause) {
    if (cause instanceof ApiError) throw cause;
    throw Object.assign(new ApiError(400, 'parseError', 'Parse Error'), { cause });
  }
}

export function asRecord(value: unknown, name: string): JsonRecord {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid(`Invalid value for: ${name}`);
  }
  return { ...value };
}

export function asString(value: unknown, name: string): string {
  // A lone surrogate has no UTF-8.
  if (typeof value !== 'string' || !value.isWellFormed()) {
    throw invalid(`Invalid value for: ${name}`);
  }
  return value;
}

/** A whole number that is not negative; the service writes such of 64 bits as strings. */
export function asCount(value: unknown, name: string): number {
  const isDigits = typeof value === 'string' && /^\d{1,15}$/u.test(value);
  const number = isDigits ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isSafeInteger(number) || number < 0) {
    throw invalid(`Invalid value for: ${name}`);
  }
  return number;
}

/** Drops what is `undefined`, as JSON has it. */
export function present(record: JsonRecord): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));
}
