import type { Duration } from '@holdfast/contracts';
import { durationMessage } from '@holdfast/rpc';
import type { FlagTable } from '../../command.js';
import { parseDuration } from '../../parse-value.js';
import { followRun } from './follow-run.js';
import type { SweepCommand, SweepContext } from './sweep-command.js';
import { countOf, limitedRequest, limitFlags } from './sweep-limit.js';
import type { SweepUpdate } from './sweeper-client.js';

const goesOn = 'Ctrl-C leaves the run going, and says how to cancel it.';

const recoverCommand = dutyCommand({
  word: 'recover',
  summary: 'Puts changes that no job takes care of back on their queue',
  notes: ['Looks through the change log for changes past their deadline.', goesOn],
  flags: {},
  examples: [
    ['all, a minute at most', 'holdfast admin sweep recover --time 1m'],
    ['after Redis was emptied', 'holdfast admin sweep recover --from-start'],
  ],
  start: ({ sweeper, flags, terms }) => sweeper.recoverChanges(limitedRequest(flags), terms),
});

const orphansCommand = dutyCommand({
  word: 'orphans',
  summary: 'Puts blobs that nothing references on the queue that deletes them',
  notes: [
    'Whether a blob may go is decided again when its job runs. Refused while the clocks of sweeper',
    'and store are too far apart: 5 minutes, unless the settings of the sweeper say otherwise.',
    goesOn,
  ],
  flags: {
    'min-age': { value: 'DURATION', help: `keep blobs younger than this; ${bySetting('24h')}` },
    'max-orphans': { value: 'N', help: `queue no more than so many; ${bySetting('100000')}` },
  },
  examples: [
    ['what would go', 'holdfast admin sweep orphans --dry-run'],
    ['a look at the first', 'holdfast admin sweep orphans --from-start --entries 10000 --dry-run'],
    ['all that is an hour old', 'holdfast admin sweep orphans --min-age 1h --time 30m'],
  ],
  start({ sweeper, flags, terms }) {
    const minAge = minAgeOf(flags.text('min-age'));
    const orphansLimit = countOf(flags, 'max-orphans');
    return sweeper.reclaimOrphans({ ...limitedRequest(flags), minAge, orphansLimit }, terms);
  },
});

const expireCommand = dutyCommand({
  word: 'expire',
  summary: 'Removes what is left of expired objects',
  notes: ['Nobody can read them any more; this frees their space.', goesOn],
  flags: {},
  examples: [
    ['all, ten minutes at most', 'holdfast admin sweep expire'],
    ['at most a GiB', 'holdfast admin sweep expire --bytes 1GiB'],
  ],
  start: ({ sweeper, flags, terms }) => sweeper.expireObjects(limitedRequest(flags), terms),
});

const verifyCommand = dutyCommand({
  word: 'verify',
  summary: 'Reads stored payloads and compares them with what was written',
  notes: [
    'The longest unverified come first. Damage is told and never deleted, and the exit code is 6.',
    goesOn,
  ],
  flags: {},
  examples: [
    ['ten GiB of them', 'holdfast admin sweep verify --bytes 10GiB'],
    ['what is damaged', 'holdfast admin sweep verify --json | jq -r .damage[].reference'],
  ],
  start: ({ sweeper, flags, terms }) => sweeper.verifyObjects(limitedRequest(flags), terms),
});

export const dutyCommands: readonly SweepCommand[] = [
  recoverCommand,
  orphansCommand,
  expireCommand,
  verifyCommand,
];

interface Duty {
  readonly word: string;
  readonly summary: string;
  readonly notes: readonly string[];
  readonly flags: FlagTable;
  readonly examples: SweepCommand['examples'];
  readonly start: (context: SweepContext) => AsyncGenerator<SweepUpdate, undefined>;
}

function dutyCommand({ word, summary, notes, flags, examples, start }: Duty): SweepCommand {
  return {
    name: `admin sweep ${word}`,
    summary,
    operands: '',
    operandsMin: 0,
    operandsMax: 0,
    notes,
    flags: { ...limitFlags, ...flags },
    examples,
    run: (context) => followRun(context, word, start(context)),
  };
}

/** What applies where a flag is not given. */
function bySetting(unlessSet: string): string {
  return `by default what the sweeper is set to, or ${unlessSet}`;
}

function minAgeOf(text: string | undefined): Duration | undefined {
  return text === undefined ? undefined : durationMessage(parseDuration('min-age', text, 0));
}
