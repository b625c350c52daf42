/** A field of the request that is wrong, as the API spells it. */
export interface FieldViolation {
  readonly field: string;
  readonly description: string;
}
