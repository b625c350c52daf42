import { registerChangeTests } from './long-term-tier-change.js';
import { registerCreateTests } from './long-term-tier-create.js';
import type { LongTermTierFixture } from './long-term-tier-fixture.js';
import { registerListTests } from './long-term-tier-list.js';
import { registerReadTests } from './long-term-tier-read.js';

/** Registers what every implementation of the port must pass, for fixtures that `open` makes. */
export function describeLongTermTier(name: string, open: () => Promise<LongTermTierFixture>): void {
  describe(`the long-term tier ${name}`, () => {
    let fixture: LongTermTierFixture;

    beforeEach(async () => {
      fixture = await open();
    });

    afterEach(async () => {
      await fixture.close();
    });

    const current = (): LongTermTierFixture => fixture;
    describe('create', () => registerCreateTests(current));
    describe('read and head', () => registerReadTests(current));
    describe('remove and extend', () => registerChangeTests(current));
    describe('list', () => registerListTests(current));
  });
}
