import { connectivityState, Metadata, status, type CallOptions } from '@grpc/grpc-js';
import assert from 'node:assert/strict';
import { createChannel, type CallParts } from '../../../packages/tier-bigtable/src/channel.js';
import type { Stub } from '../../../packages/tier-bigtable/src/stub.js';

type Answered = (error: Error | null, answer?: unknown) => void;

const call: CallParts = {
  method: 'ask',
  request: {},
  metadata: new Metadata(),
  timeoutMs: 60_000,
};

/** One that connects when it is asked to; the answers are those of `answer`. */
function fakeStub(answer: (answered: Answered) => void) {
  const deadlines: unknown[] = [];
  let state: connectivityState = connectivityState.IDLE;
  const channel = {
    getConnectivityState: () => state,
    watchConnectivityState(_from: unknown, deadline: unknown, changed: () => void) {
      deadlines.push(deadline);
      // Later than now by the clock, however coarse it is.
      const begun = Date.now();
      while (Date.now() === begun);
      state = connectivityState.READY;
      changed();
    },
  };
  const stub = {
    getChannel: () => channel,
    close: () => undefined,
    ask(_request: unknown, _metadata: unknown, { deadline }: CallOptions, done: Answered) {
      deadlines.push(deadline);
      answer(done);
    },
  };
  return { stub: stub as unknown as Stub, deadlines };
}

function failed(code: status): Error {
  return Object.assign(new Error(`status ${code}`), { code });
}

describe('a connection to Bigtable', () => {
  it('has one deadline for being made and for the call on it', async () => {
    const { stub, deadlines } = fakeStub((answered) => answered(null, 'answer'));
    assert.equal(await createChannel(stub).unary(call), 'answer');
    const [made, called] = deadlines;
    assert.equal(typeof made, 'number');
    assert.equal(called, made);
  });

  it('is silent from a call that ran out of time to one that is answered', async () => {
    const answers = [failed(status.DEADLINE_EXCEEDED), failed(status.NOT_FOUND), null];
    const { stub } = fakeStub((answered) => answered(answers.shift() ?? null));
    const channel = createChannel(stub);
    const seen = [channel.isSilent()];
    for (let calls = answers.length; calls > 0; calls -= 1) {
      await channel.unary(call).catch(() => undefined);
      seen.push(channel.isSilent());
    }
    assert.deepEqual(seen, [false, true, false, false]);
  });
});
