import { createFuzzCaller } from './fuzz-caller.js';
import { fuzzCall } from './fuzz-call.js';
import {
  maintenanceMethods,
  objectMethods,
  otherMethods,
  type FuzzMethod,
} from './fuzz-messages.js';
import { createSeededRandom } from './seeded-random.js';

/* A process of its own that sends so many calls, and prints how far it has come. */

const callsAtOnce = 64;
const callsPerLine = 250;

const methods: Readonly<Record<string, readonly FuzzMethod[]>> = {
  gateway: objectMethods,
  tieredStore: [...objectMethods, ...maintenanceMethods],
};

async function sendCalls(
  address: string,
  own: readonly FuzzMethod[],
  calls: number,
  seed: number,
): Promise<void> {
  const random = createSeededRandom(seed);
  const caller = createFuzzCaller(address);
  let begun = 0;
  let sent = 0;
  let answered = 0;
  const lane = async (): Promise<void> => {
    while (begun < calls) {
      begun += 1;
      const method = random.pick(random.chance(0.1) ? otherMethods : own);
      const outcome = await caller.call(fuzzCall(method, random));
      sent += 1;
      if ('status' in outcome) answered += 1;
      if (sent % callsPerLine === 0 || sent === calls) console.log(`${sent} ${answered}`);
    }
  };
  await Promise.all(Array.from({ length: callsAtOnce }, lane));
  caller.close();
}

const [address = '', service = '', calls, seed] = process.argv.slice(2);
await sendCalls(address, methods[service] ?? [], Number(calls), Number(seed));
