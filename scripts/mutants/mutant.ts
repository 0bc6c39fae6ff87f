/** A fault that an engineer might make. */
export interface Mutant {
  readonly name: string;
  /** Below `sdk/src/`. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  readonly wrongBecause: string;
}
