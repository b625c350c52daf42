import type { object } from '@holdfast/contracts';
import {
  contentTypeDefault,
  invalid,
  manualExpiration,
  noCustomPairs,
  type CallerMetadata,
} from '@holdfast/domain';
import { expirationMessage, readExpiration } from './expiration.js';

const noMetadata: CallerMetadata = {
  contentType: contentTypeDefault,
  expiration: manualExpiration,
  custom: noCustomPairs,
};

/** Reads what the engine takes; it checks everything that the domain has a rule for. */
export function readCallerMetadata(message: object.CallerMetadata | undefined): CallerMetadata {
  if (message === undefined) return noMetadata;
  return {
    contentType: message.contentType ?? contentTypeDefault,
    contentEncoding: message.contentEncoding,
    expiration: readExpiration(message.expiration),
    origin: message.origin,
    fileName: message.fileName,
    custom: readCustomPairs(message.custom),
  };
}

export function callerMetadataMessage(metadata: CallerMetadata): object.CallerMetadata {
  return {
    contentType: metadata.contentType,
    contentEncoding: metadata.contentEncoding,
    expiration: expirationMessage(metadata.expiration),
    origin: metadata.origin,
    fileName: metadata.fileName,
    custom: metadata.custom.size === 0 ? [] : customPairs(metadata.custom),
  };
}

/** A map cannot hold a name twice, so that rule is kept here and not by the domain. */
function readCustomPairs(pairs: readonly object.CustomPair[]): ReadonlyMap<string, string> {
  if (pairs.length === 0) return noCustomPairs;
  const custom = new Map<string, string>();
  for (const { name, value } of pairs) {
    if (custom.has(name)) {
      throw invalid('INVALID_METADATA', 'metadata.custom', name, 'a name may be given once only');
    }
    custom.set(name, value);
  }
  return custom;
}

function customPairs(custom: ReadonlyMap<string, string>): object.CustomPair[] {
  return Array.from(custom, ([name, value]) => ({ name, value }));
}
