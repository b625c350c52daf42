import fc from 'fast-check';
import assert from 'node:assert/strict';
import { createCallTable } from '../../../../packages/rpc/src/server/call-table.js';
import type { ServerCall } from '../../../../packages/rpc/src/server/server-call.js';

const callOf = (internal: boolean): ServerCall =>
  ({ internal, place: -1 }) as unknown as ServerCall;

describe('the table of calls', () => {
  it('has exactly the calls that were opened and not closed, in whatever order they come and go', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 20 })), (steps) => {
        const table = createCallTable();
        const model = new Set<ServerCall>();
        const calls = Array.from({ length: 21 }, () => callOf(false));
        for (const step of steps) {
          const call = calls[step];
          if (call === undefined) continue;
          if (model.delete(call)) {
            table.settled(call);
            table.closed(call);
          } else {
            model.add(call);
            table.opened(call);
          }
          assert.deepEqual(new Set(table.open()), model);
          assert.equal(table.open().length, model.size);
          assert.equal(table.running(), model.size);
        }
      }),
    );
  });

  it('forgets a call once, however often it is told', () => {
    const table = createCallTable();
    const [first, second] = [callOf(false), callOf(false)];
    table.opened(first);
    table.opened(second);
    table.closed(first);
    table.closed(first);
    assert.deepEqual(table.open(), [second]);
  });

  it('is idle when no call runs but those of health and reflection, and empty when none is open', async () => {
    const table = createCallTable();
    const [own, internal] = [callOf(false), callOf(true)];
    await table.idle();
    table.opened(own);
    table.opened(internal);
    const idle = table.idle();
    const empty = table.empty();
    assert.equal(table.running(), 1);
    table.settled(own);
    await idle;
    table.settled(internal);
    table.closed(own);
    table.closed(internal);
    await empty;
    assert.equal(table.running(), 0);
  });
});
