import type { ChangeId, HighVolumeTier, ObjectId, Row, RowWrite } from '@holdfast/domain';
import assert from 'node:assert/strict';
import { plain } from './row-fixtures.js';
import type { OpenHighVolumeTier } from './tier-under-test.js';
import { useSharedTier, type CurrentTier } from './use-tier.js';

/*
 * Every operation against every state of a row and of its intents. An operation's rule says what it
 * answers, what the row holds afterwards and which intents are left; the intents are told from
 * outside by which commit would go through.
 */
const states = ['absent', 'inline', 'tombstone', 'expired inline', 'expired tombstone'] as const;
type State = (typeof states)[number];

const intentNames = ['mine', 'other', 'third', 'new'] as const;
type IntentName = (typeof intentNames)[number];

const intentSets: readonly (readonly IntentName[])[] = [
  [],
  ['mine'],
  ['other'],
  ['mine', 'other'],
  ['other', 'mine', 'third'],
];

interface Arranged {
  readonly tier: HighVolumeTier;
  readonly id: ObjectId;
  readonly row: Row;
  readonly changes: Readonly<Record<IntentName, ChangeId>>;
  readonly writes: Readonly<Record<'inline' | 'tombstone' | 'absent', RowWrite>>;
}

interface Rule {
  readonly name: string;
  run(arranged: Arranged): Promise<unknown>;
  /** `undefined` as `row` stands for the row as it was. */
  outcome(
    state: State,
    intents: readonly IntentName[],
    arranged: Arranged,
  ): { answer: unknown; row: Row | undefined; intents: readonly IntentName[] };
}

export function describeRowOperations(open: OpenHighVolumeTier): void {
  describe('on a row in every state', () => {
    const current = useSharedTier(open);
    for (const rule of rules) {
      for (const state of states) {
        for (const intents of intentSets) {
          const present = intents.length === 0 ? 'no intent' : `intents: ${intents.join(', ')}`;
          it(`${rule.name} on a row that is ${state}, ${present}`, async () => {
            for (const probe of intentNames) await checkRule(current, rule, state, intents, probe);
          });
        }
      }
    }
  });
}

async function checkRule(
  current: CurrentTier,
  rule: Rule,
  state: State,
  intents: readonly IntentName[],
  probe: IntentName,
): Promise<void> {
  const arranged = await arrange(current, state, intents);
  const { tier, id, changes } = arranged;
  const expected = rule.outcome(state, intents, arranged);
  assert.deepEqual(plain(await rule.run(arranged)), plain(expected.answer));
  assert.deepEqual(plain(await tier.read(id)), plain(expected.row ?? arranged.row));
  const committed = await tier.commit(id, changes[probe], { kind: 'absent' });
  const left = expected.intents.includes(probe);
  assert.equal(committed, left ? 'committed' : 'refused', `a commit with intent '${probe}'`);
}

async function arrange(
  current: CurrentTier,
  state: State,
  intents: readonly IntentName[],
): Promise<Arranged> {
  const { tier, clock, make } = current.get();
  const id = make.id();
  const expiry = state.startsWith('expired') ? make.expiringIn(1_000) : {};
  if (state.endsWith('inline')) await tier.putInline(id, make.inline('as it was', expiry));
  if (state.endsWith('tombstone')) {
    const first = make.changeId();
    await tier.begin(id, first);
    await tier.commit(id, first, make.tombstone(id, expiry));
  }
  if (state.startsWith('expired')) clock.advance(1_000);
  const changes = {
    mine: make.changeId(),
    other: make.changeId(),
    third: make.changeId(),
    new: make.changeId(),
  };
  for (const intent of intents) await tier.begin(id, changes[intent]);
  const row = await tier.read(id);
  assert.equal(row.kind, state.startsWith('expired') ? 'absent' : state, 'the state to test');
  const writes = {
    inline: make.inline('as written'),
    tombstone: make.tombstone(id),
    absent: { kind: 'absent' },
  } as const;
  return { tier, id, row, changes, writes };
}

function isTombstone(state: State): boolean {
  return state.endsWith('tombstone');
}

function commitRule(kind: 'inline' | 'tombstone' | 'absent'): Rule {
  return {
    name: `commit of ${kind}`,
    run: ({ tier, id, changes, writes }) => tier.commit(id, changes.mine, writes[kind]),
    outcome: (_state, intents, { writes }) =>
      intents.includes('mine')
        ? { answer: 'committed', row: writes[kind], intents: [] }
        : { answer: 'refused', row: undefined, intents },
  };
}

function fenceRule(name: string, times: number): Rule {
  return {
    name,
    async run({ tier, id, changes }) {
      for (let time = 0; time < times; time += 1) await tier.fence(id, changes.mine);
    },
    outcome: (_state, intents) => ({
      answer: undefined,
      row: undefined,
      intents: intents.filter((intent) => intent !== 'mine'),
    }),
  };
}

const rules: readonly Rule[] = [
  {
    name: 'read changes nothing',
    run: ({ tier, id }) => tier.read(id),
    outcome: (_state, intents, { row }) => ({ answer: row, row: undefined, intents }),
  },
  {
    name: 'readHead answers the row without payload',
    run: ({ tier, id }) => tier.readHead(id),
    outcome: (_state, intents, { row }) => ({
      answer: row.kind === 'inline' ? { kind: 'inline', metadata: row.metadata } : row,
      row: undefined,
      intents,
    }),
  },
  {
    name: 'putInline',
    run: ({ tier, id, writes }) =>
      writes.inline.kind === 'inline' ? tier.putInline(id, writes.inline) : Promise.reject(),
    outcome: (state, intents, { writes }) =>
      isTombstone(state)
        ? { answer: 'tombstone', row: undefined, intents }
        : { answer: 'stored', row: writes.inline, intents: [] },
  },
  {
    name: 'deleteInline',
    run: ({ tier, id }) => tier.deleteInline(id),
    outcome: (state, intents) =>
      isTombstone(state)
        ? { answer: 'tombstone', row: undefined, intents }
        : { answer: 'deleted', row: { kind: 'absent' }, intents: [] },
  },
  {
    name: 'begin',
    run: ({ tier, id, changes }) => tier.begin(id, changes.new),
    outcome: (_state, intents) => ({
      answer: undefined,
      row: undefined,
      intents: [...intents, 'new'],
    }),
  },
  commitRule('inline'),
  commitRule('tombstone'),
  commitRule('absent'),
  fenceRule('fence', 1),
  fenceRule('fence, repeated', 3),
];
