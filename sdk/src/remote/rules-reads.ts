/**
 * How many documents `firestore.rules` looks at for one operation; each is billed as
 * a read. The emulator tests count them again in the rules themselves.
 */
export const RULES_READS = {
  /** The budget must be followed by its first change, which looks at the budget twice. */
  createBudget: 3,
  /** The budget, and the predecessor whose hash is compared. */
  appendEntry: 2,
  changeMembers: 0,
  /** The budget, once for every query. */
  listChanges: 1,
  readBudget: 0,
  readServerTime: 0,
  publishKeys: 0,
  readKeys: 0,
  listKeyslots: 0,
  putKeyslot: 0,
  /** The slots of passphrase and recovery phrase; only the former where that one stays. */
  removeKeyslot: 2,
} as const;
