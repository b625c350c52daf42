/** One place in a line. */
export interface Place<Value> {
  readonly value: Value;
  /** Ascends with each arrival, also across lines that share one counter. */
  readonly arrival: number;
}

/** First come, first served, and leaving from any place costs the same: a set keeps its order. */
export interface WaitingLine<Value> {
  join(value: Value): Place<Value>;
  /** Leaves the line; false if it is not in it. */
  leave(place: Place<Value>): boolean;
  first(): Place<Value> | undefined;
  readonly length: () => number;
  [Symbol.iterator](): IterableIterator<Place<Value>>;
}

export function createWaitingLine<Value>(nextArrival: () => number): WaitingLine<Value> {
  const places = new Set<Place<Value>>();
  return {
    join(value) {
      const place = { value, arrival: nextArrival() };
      places.add(place);
      return place;
    },
    leave: (place) => places.delete(place),
    first: () => places.values().next().value,
    length: () => places.size,
    [Symbol.iterator]: () => places.values(),
  };
}
