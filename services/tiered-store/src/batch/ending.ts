export interface Ending {
  readonly ended: Promise<void>;
  isOver(): boolean;
  end(error: unknown): void;
}

/** A promise and whether it is settled already. */
export function createEnding(): Ending {
  let isOver = false;
  let settle: (error: unknown) => void = () => undefined;
  const ended = new Promise<void>((resolve, reject) => {
    settle = (error) => (error === undefined ? resolve() : reject(error));
  });
  return {
    ended,
    isOver: () => isOver,
    end(error) {
      isOver = true;
      settle(error);
    },
  };
}
