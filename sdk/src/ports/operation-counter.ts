/** What Firestore bills, added up where it is called; every field only grows. */
export interface OperationCounter {
  /** Documents that queries and gets returned; a query that finds nothing counts as one. */
  reads: number;
  /** Documents in commits, also in those that are refused. */
  writes: number;
  deletes: number;
  /** Documents that the security rules look at to decide on all of it. */
  rulesReads: number;
}

export const createOperationCounter = (): OperationCounter => ({
  reads: 0,
  writes: 0,
  deletes: 0,
  rulesReads: 0,
});
