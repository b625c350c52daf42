import assert from 'node:assert/strict';
import { NotSentError } from '../../../packages/tier-bigtable/src/bigtable-errors.js';
import type { Channel } from '../../../packages/tier-bigtable/src/channel.js';
import { createConnections } from '../../../packages/tier-bigtable/src/connections.js';

function channel(calls: number, state: 'fine' | 'failing' | 'silent' = 'fine') {
  let closes = 0;
  const made: Channel & { closes(): number } = {
    callsInFlight: () => calls,
    isFailing: () => state === 'failing',
    isSilent: () => state === 'silent',
    unary: () => Promise.reject(new Error('not here')),
    stream: () => Promise.reject(new Error('not here')),
    close() {
      closes += 1;
    },
    closes: () => closes,
  };
  return made;
}

describe('several connections to Bigtable', () => {
  it('send the next call where there are the fewest', () => {
    const channels = [channel(3), channel(1), channel(2)];
    assert.equal(createConnections(channels).pick(), channels[1]);
  });

  it('send no call where a connection fails while there is another, however busy', () => {
    const channels = [channel(0, 'failing'), channel(90), channel(99), channel(1, 'failing')];
    assert.equal(createConnections(channels).pick(), channels[1]);
  });

  it('send a call where connections fail when all of them do', () => {
    const channels = [channel(1, 'failing'), channel(0, 'failing')];
    assert.equal(createConnections(channels).pick(), channels[1]);
  });

  it('send a call past one that left the last unanswered, where another has as few', () => {
    const channels = [channel(1, 'silent'), channel(1), channel(0, 'failing')];
    assert.equal(createConnections(channels).pick(), channels[1]);
    const busier = [channel(2), channel(1, 'silent')];
    assert.equal(createConnections(busier).pick(), busier[1]);
  });

  it('are all closed, and take no call after that', () => {
    const channels = [channel(0), channel(0)];
    const connections = createConnections(channels);
    connections.close();
    assert.deepEqual(
      channels.map(({ closes }) => closes()),
      [1, 1],
    );
    assert.throws(() => connections.pick(), NotSentError);
  });
});
