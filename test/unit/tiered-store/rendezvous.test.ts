import assert from 'node:assert/strict';
import { createRendezvous } from '../../../services/tiered-store/src/maintenance/rendezvous.js';
import { createGate, type Gate } from '../../support/engine/hold.js';

describe('Those who meet on their way', () => {
  let met: number[][];
  let party: number[];

  beforeEach(() => {
    met = [];
    party = [];
  });

  /** Each comes to the point when its gate opens; who goes on in the same turn is of one party. */
  async function go(
    ways: readonly Gate[],
    partyMax: number,
  ): Promise<PromiseSettledResult<void>[]> {
    const { join } = createRendezvous({ partyMax });
    const work = (way: Gate, index: number): Promise<void> =>
      join(async (meet) => {
        await way.passed;
        await meet();
        if (party.push(index) === 1) met.push(party);
        await turn();
        party = [];
      });
    return Promise.allSettled(ways.map(work));
  }

  const gates = (count: number): Gate[] => Array.from({ length: count }, () => createGate());
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  it('go on together once the last of them has come', async () => {
    const ways = gates(3);
    const going = go(ways, 10);
    for (const way of ways) {
      assert.deepEqual(met, []);
      way.open();
      await turn();
    }
    await going;
    assert.deepEqual(met, [[0, 1, 2]]);
  });

  it('go on once they are enough, whoever is still on the way', async () => {
    const ways = gates(5);
    const going = go(ways, 2);
    for (const index of [4, 1, 0, 2]) {
      ways[index]?.open();
      await turn();
    }
    await turn();
    assert.deepEqual(met, [
      [4, 1],
      [0, 2],
    ]);
    ways[3]?.open();
    await going;
    assert.deepEqual(met.at(-1), [3]);
  });

  it('do not wait for those that end before, or fail', async () => {
    const { join } = createRendezvous({ partyMax: 10 });
    const [first, second] = [createGate(), createGate()];
    const ended = join(() => first.passed);
    const failed = join(async () => {
      await second.passed;
      throw new Error('on the way');
    });
    let hasGoneOn = false;
    const going = join(async (meet) => {
      await meet();
      hasGoneOn = true;
    });
    first.open();
    await ended;
    assert.equal(hasGoneOn, false);
    second.open();
    await assert.rejects(failed, /on the way/);
    await going;
    assert.ok(hasGoneOn);
  });

  it('wait for nobody who has gone on before them', async () => {
    const { join } = createRendezvous({ partyMax: 10 });
    const end = createGate();
    const gone = createGate();
    const first = join(async (meet) => {
      await meet();
      gone.open();
      await end.passed;
    });
    await gone.passed;
    await join((meet) => meet());
    end.open();
    await first;
  });

  it('answer what their work answers', async () => {
    const { join } = createRendezvous({ partyMax: 1 });
    assert.equal(await join(() => Promise.resolve(7)), 7);
  });
});
