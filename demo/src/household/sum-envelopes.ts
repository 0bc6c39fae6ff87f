import type { BankTransaction, Envelope } from './shapes.js';

type Listed<T> = readonly (readonly [id: string, record: T])[];

/** What lies in each envelope, by its name, in minor units as decimal text; in ascending order. */
export type EnvelopeSums = readonly (readonly [name: string, sumMinor: string])[];

/** The sums as one device's records have them: what was assigned, and every transaction. */
export function sumEnvelopes(records: {
  readonly envelopes: Listed<Envelope>;
  readonly transactions: Listed<BankTransaction>;
}): EnvelopeSums {
  const sums = new Map<string, bigint>();
  for (const [id, { assignedMinor }] of records.envelopes) sums.set(id, BigInt(assignedMinor));
  for (const [, { envelopeId, amountMinor }] of records.transactions) {
    sums.set(envelopeId, (sums.get(envelopeId) ?? 0n) + BigInt(amountMinor));
  }
  const names = new Map(records.envelopes.map(([id, { name }]) => [id, name]));
  return [...sums]
    .map(([id, sum]) => [names.get(id) ?? `no envelope ${id}`, String(sum)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
}
