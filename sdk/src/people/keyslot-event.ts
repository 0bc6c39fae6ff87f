/**
 * - `keyslot_rolled_back`: an older copy of a slot, or a removed one, was put back.
 * - `keyslots_missing`: the server says that there is no slot, and this device knows some.
 * - `keyslot_weakened`: a slot asks for less work than any app of this kit lets a guess cost.
 */
export type KeyslotEventKind = 'keyslot_rolled_back' | 'keyslots_missing' | 'keyslot_weakened';

/** Something that an honest project does not cause. What it concerns is not used. */
export interface KeyslotEvent {
  readonly kind: KeyslotEventKind;
  /** The slot's name; none where it concerns all of them. */
  readonly slot?: string;
  /** What was found and what to do, in a sentence without user data. */
  readonly message: string;
}
