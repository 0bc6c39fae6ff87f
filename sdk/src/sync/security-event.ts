import type { BudgetId } from '../model/ids.js';

/**
 * - `entry_rejected`: an entry fails its checks; nothing behind it is read until that is settled.
 * - `entry_substituted`: the same entry came back with other bytes when it was fetched again.
 * - `entry_quarantined`: a verified later entry commits to the failing bytes; they are skipped.
 * - `gap`: the server left out an entry in the middle.
 * - `rollback`: the server holds less than this device has already verified.
 * - `fork`: the server shows another history than the one this device has verified.
 * - `identity_mismatch`: the log knows this user by other keys than this device has.
 * - `device_cloned`: another copy of this device's local store is in use.
 * - `member_unproven`: the server counts somebody as a member whom no entry or invite made one.
 * - `member_missing`: the server shuts a member out, and nobody has signed why.
 * - `role_differs`: the server gives a member another role than the log.
 * - `key_not_genuine`: a wrapped key is not the one that the log names, or not for this user.
 * - `published_keys_differ`: somebody's published keys are not the ones that they told in person.
 * - `invite_not_genuine`: an invite's acceptance was not signed by its link and the newcomer.
 * - `epoch_jumped`: the server names an epoch far beyond the one that the log is in.
 * - `epoch_rolled_back`: the server names an earlier epoch than the log is in.
 * - `deletion_unproven`: the server says that the budget is deleted, and no owner has signed it.
 * - `snapshot_refused`: a snapshot was swapped or damaged, or somebody took a false one.
 * - `snapshot_disputed`: members do not agree on what the log folds to.
 * - `pin_not_genuine`: the user's own note of the budget was altered, or sealed by another identity.
 */
export type SecurityEventKind =
  | 'entry_rejected'
  | 'entry_substituted'
  | 'entry_quarantined'
  | 'gap'
  | 'rollback'
  | 'fork'
  | 'identity_mismatch'
  | 'device_cloned'
  | 'member_unproven'
  | 'member_missing'
  | 'role_differs'
  | 'key_not_genuine'
  | 'published_keys_differ'
  | 'invite_not_genuine'
  | 'epoch_jumped'
  | 'epoch_rolled_back'
  | 'deletion_unproven'
  | 'snapshot_refused'
  | 'snapshot_disputed'
  | 'pin_not_genuine';

/** Something that an honest project and honest members do not cause. Nothing of it is merged. */
export interface SecurityEvent {
  readonly kind: SecurityEventKind;
  /** The log position that it concerns. */
  readonly seq: number;
  /** What was found and what to do, in a sentence without user data. */
  readonly message: string;
}

/** A security event of one of several budgets. */
export interface BudgetSecurityEvent extends SecurityEvent {
  readonly budgetId: BudgetId;
}
