/**
 * - `entry_rejected`: an entry fails its checks; nothing behind it is read until that is settled.
 * - `entry_substituted`: the same entry came back with other bytes when it was fetched again.
 * - `entry_quarantined`: a verified later entry commits to the failing bytes; they are skipped.
 * - `gap`: the server left out an entry in the middle.
 * - `rollback`: the server holds less than this device has already verified.
 * - `fork`: the server shows another history than the one this device has verified.
 * - `identity_mismatch`: the log knows this user by other keys than this device has.
 * - `device_cloned`: another copy of this device's local store is in use.
 */
export type SecurityEventKind =
  | 'entry_rejected'
  | 'entry_substituted'
  | 'entry_quarantined'
  | 'gap'
  | 'rollback'
  | 'fork'
  | 'identity_mismatch'
  | 'device_cloned';

/** Something that an honest project and honest members do not cause. Nothing of it is merged. */
export interface SecurityEvent {
  readonly kind: SecurityEventKind;
  /** The log position that it concerns. */
  readonly seq: number;
  /** What was found and what to do, in a sentence without user data. */
  readonly message: string;
}
