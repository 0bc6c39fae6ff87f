/**
 * How many documents `firestore.rules` looks at for one operation; each is billed as
 * a read. The emulator tests count them again in the rules themselves. A commit costs
 * the sum of what it holds.
 */
export const RULES_READS = {
  /** The whole commit: the budget with its first change, and its creator's wrap and pin. */
  createBudget: 4,
  /** The budget, and the predecessor whose hash is compared. */
  appendEntry: 2,
  /** Of the budget's own document, in a commit with an entry or without. */
  changeMembers: 0,
  /** Of the budget's own document; the entry that starts the epoch comes on top. */
  startEpoch: 0,
  /** The budget, once for every query: pages, the head, the start of an epoch. */
  listChanges: 1,
  readBudget: 0,
  /** The budget, once for every wrap. */
  putWrap: 1,
  readWrap: 1,
  listWraps: 1,
  createInvite: 1,
  readInvite: 0,
  listInvites: 1,
  revokeInvite: 1,
  /** The whole commit: the budget from the invite, the invite before and after; the pin. */
  acceptInvite: 3,
  /** The whole commit: the budget before and after from the notice, and the notice. */
  leave: 3,
  /** The notice of whoever an owner removes in the same commit: the budget before and after. */
  putDeparture: 2,
  /** Nothing for the notice about oneself. */
  readDeparture: 1,
  deleteBudget: 0,
  /** The budget, and the header that must not be there yet; for every chunk. */
  putChunk: 2,
  /** The budget, the entry at its position, and the last chunk. */
  putHeader: 3,
  readHeader: 1,
  listSnapshots: 1,
  /** The budget, once for every query. */
  listChunks: 1,
  /** The budget. */
  removeHeader: 1,
  /** The budget, and the header that must be gone; for every chunk. */
  removeChunk: 2,
  /** The snapshot that the floor is to rest on. */
  raiseFloor: 1,
  /** The budget, for every entry. */
  pruneEntry: 1,
  /** To find what is left below a deleted budget, for every query. */
  listPurgeable: 1,
  /** For every document that goes. */
  purgeDocument: 1,
  listBudgets: 0,
  readPin: 0,
  putPin: 0,
  removePin: 0,
  readServerTime: 0,
  publishKeys: 0,
  readKeys: 0,
  listKeyslots: 0,
  putKeyslot: 0,
  /** The slots of passphrase and recovery phrase; only the former where that one stays. */
  removeKeyslot: 2,
} as const;
