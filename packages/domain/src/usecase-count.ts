/** Work done and left within one usecase. */
export interface UsecaseCount {
  readonly usecase: string;
  readonly examined: number;
  readonly removed: number;
  readonly freedBytes: number;
}
