import { describeConcurrency } from './concurrency-contract.js';
import { describeExpiry } from './expiry-contract.js';
import { describeIntents } from './intents-contract.js';
import { describeListing } from './listing-contract.js';
import { describeRowOperations } from './row-operations-contract.js';
import { describeStoredContent } from './stored-content-contract.js';
import type { OpenHighVolumeTier } from './tier-under-test.js';
import { describeUnreadableRows } from './unreadable-rows-contract.js';

/** Registers the tests that every implementation of the port `HighVolumeTier` passes. */
export function describeHighVolumeTier(name: string, open: OpenHighVolumeTier): void {
  describe(`${name} as a high-volume tier`, () => {
    describeRowOperations(open);
    describeIntents(open);
    describeExpiry(open);
    describeStoredContent(open);
    describeListing(open);
    describeUnreadableRows(open);
    describeConcurrency(open);
  });
}
