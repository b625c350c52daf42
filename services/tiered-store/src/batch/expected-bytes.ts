/** What a payload is expected to take that has not been read yet, for want of knowing. */
export interface ExpectedBytes {
  current(): number;
  learn(payloadBytes: number): void;
}

const beforeAnything = 64 * 1024;
/** Of what was expected, how much is forgotten with each payload that turns out to be smaller. */
const forgottenShare = 1 / 64;

/** Rises at once to the largest payload seen, and falls slowly: to expect too much only costs time. */
export function createExpectedBytes(): ExpectedBytes {
  let expected = beforeAnything;
  return {
    current: () => expected,
    learn(payloadBytes) {
      const faded = expected - Math.ceil(expected * forgottenShare);
      expected = Math.max(payloadBytes, faded);
    },
  };
}
