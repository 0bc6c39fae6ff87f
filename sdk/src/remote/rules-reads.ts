/**
 * How many documents `firestore.rules` looks at for one operation; each is billed as
 * a read. The emulator tests count them again in the rules themselves.
 */
export const RULES_READS = {
  /** The first change must follow, which looks at the budget twice; so does the wrap, once. */
  createBudget: 4,
  /** The budget, and the predecessor whose hash is compared. */
  appendEntry: 2,
  changeMembers: 0,
  /** The budget before and after the removal. */
  recordDeparture: 2,
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
  readWrap: 1,
  putWrap: 1,
  listWraps: 1,
  createInvite: 1,
  readInvite: 0,
  listInvites: 1,
  /** For the budget the invite before and after; for the invite the budget before and after. */
  acceptInvite: 4,
  revokeInvite: 1,
  /** The notice, which looks at the budget before and after. */
  leaveBudget: 3,
  readDeparture: 1,
  listDepartures: 1,
  markDeleted: 0,
  /** For every document that is deleted. */
  purgeDocument: 1,
} as const;
