/** Who may go on, so many at once; the others wait, first come, first served. */
export interface Turns {
  /** A place for those who wait together, and give up together. */
  join(): WaitingParty;
}

export interface WaitingParty {
  /** Waits for a turn, and fails with the reason once the party gave up. */
  take(): Promise<void>;
  /** Gives a turn back that was taken. */
  give(): void;
  /** Nobody of the party gets a turn any more. */
  giveUp(reason: unknown): void;
}

interface Waiting {
  proceed(): void;
  fail(reason: unknown): void;
}

export function createTurns(turnsMax: number): Turns {
  const waiting = new Set<Waiting>();
  let taken = 0;

  function give(): void {
    // It goes to whoever waits longest.
    const [next] = waiting;
    if (next === undefined) taken -= 1;
    else next.proceed();
  }

  function waitInLine(party: Set<Waiting>): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        waiting.delete(place);
        party.delete(place);
      };
      const place: Waiting = {
        proceed() {
          leave();
          resolve();
        },
        fail(reason) {
          leave();
          reject(reason);
        },
      };
      waiting.add(place);
      party.add(place);
    });
  }

  return {
    join() {
      const party = new Set<Waiting>();
      let gaveUp: { readonly reason: unknown } | undefined;
      return {
        give,
        async take() {
          if (gaveUp !== undefined) throw gaveUp.reason;
          if (taken === turnsMax) return waitInLine(party);
          taken += 1;
        },
        giveUp(reason) {
          gaveUp = { reason };
          for (const place of party) place.fail(reason);
        },
      };
    },
  };
}
