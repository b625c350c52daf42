/**
 * Lets those who work side by side, and come to the same point at different times, go on from there
 * together: once so many wait that what comes next is worth sharing, or once nobody is on the way there.
 */
export interface Rendezvous {
  /** Does `work`, which waits for the others by `meet`, once or not at all. */
  join<Result>(work: (meet: () => Promise<void>) => Promise<Result>): Promise<Result>;
}

export function createRendezvous({ partyMax }: { readonly partyMax: number }): Rendezvous {
  let waiting: (() => void)[] = [];
  let onTheWay = 0;

  function letGoOn(): void {
    if (onTheWay > 0 && waiting.length < partyMax) return;
    const party = waiting;
    waiting = [];
    for (const goOn of party) goOn();
  }

  return {
    async join(work) {
      let isOnTheWay = true;
      const arrive = (): void => {
        if (isOnTheWay) onTheWay -= 1;
        isOnTheWay = false;
        letGoOn();
      };
      onTheWay += 1;
      try {
        return await work(
          () =>
            new Promise((goOn) => {
              waiting.push(goOn);
              arrive();
            }),
        );
      } finally {
        arrive();
      }
    },
  };
}
