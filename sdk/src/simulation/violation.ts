/** What must hold in every history, whatever fails meanwhile. */
export const INVARIANTS = {
  'every acknowledged edit is kept':
    'an edit whose call resolved is in the log once, or among the rejected edits of its device',
  'nothing is applied twice': 'no edit counts more than once, and a refused call left no trace',
  'devices converge': 'those who belong hold the same people, the same state and no pending edit',
  'the merge is as defined':
    'what every device shows is what an independent fold of the decoded log gives',
  'the fold knows no local clock':
    'a fresh device with a wrong clock folds the log to the same bytes',
  'the log is gapless and chained': 'positions count up by one, each entry commits to the last',
  'the cursor passes no unseen entry':
    'whoever has verified up to one position holds one state, and never goes back',
  'own edits are seen at once': 'a device reads what it wrote as soon as the call resolves',
  'an edit says what its author had seen': 'its base is the position that was on the screen',
  'members can write': 'once the faults are over, a call of a member who may write is not refused',
  'only liars are accused': 'no security event where nobody lied',
  'keys stay with members': 'nobody outside has the newest key',
  'idle costs nothing': 'an hour of quiet clients: no write, no signal, only safety pulls',
  'nothing is left behind': 'no timer runs and no store is open once all is closed',
  'calls come to an end': 'nothing hangs, and nothing but a SealsyncError is thrown',
} as const;

export type Invariant = keyof typeof INVARIANTS;

/** A history in which an invariant did not hold. */
export class Violation extends Error {
  override readonly name = 'Violation';
  readonly invariant: Invariant;

  constructor(invariant: Invariant, message: string) {
    super(`${invariant}: ${message}`);
    this.invariant = invariant;
  }
}

export function require(holds: boolean, invariant: Invariant, message: () => string): void {
  if (!holds) throw new Violation(invariant, message());
}
