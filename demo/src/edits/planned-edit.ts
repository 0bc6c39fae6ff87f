import * as v from 'valibot';

const row = v.pipe(v.number(), v.integer(), v.minValue(0));
const minor = v.pipe(v.number(), v.safeInteger());

/** One edit that a person is told to make; rows and categories are the bank file's. */
export const plannedEditSchema = v.variant('kind', [
  /** Put money into an envelope, or take some out. */
  v.strictObject({ kind: v.literal('assign'), category: v.string(), byMinor: minor }),
  v.strictObject({ kind: v.literal('note'), row, memo: v.string() }),
  v.strictObject({ kind: v.literal('correct'), row, amountMinor: minor }),
  v.strictObject({ kind: v.literal('move'), row, category: v.string() }),
]);

export type PlannedEdit = v.InferOutput<typeof plannedEditSchema>;
