import { isName, isText } from '../codec/value.js';
import { SealsyncError } from '../errors.js';
import { MAX_DEVICE_NAME_LENGTH } from '../model/membership.js';

export interface PeopleSettings {
  /**
   * How old a budget's key may get, in ms, before an owner's device replaces it when it looks
   * at the people; 0 for never. Default 90 days.
   */
  readonly rotateKeyAfterMs: number;
  /** The shortest time between two looks at the people that signals may cause. Default 5,000. */
  readonly peopleIntervalMs: number;
  /**
   * Between two looks at the people, in ms, while no signaling connection is live to tell of
   * changes, a second to a week; each reads one document. Also the longest pause after a failed
   * one. Default 600,000.
   */
  readonly peopleLookIntervalMs: number;
  /** What this device is called among the members, 1 to 64 UTF-16 code units; unnamed by default. */
  readonly deviceName?: string;
  /** The app's address for invite links, without a fragment; links are bare fragments without. */
  readonly inviteUrl?: string;
}

export const DEFAULT_PEOPLE_SETTINGS: PeopleSettings = {
  rotateKeyAfterMs: 90 * 24 * 60 * 60_000,
  peopleIntervalMs: 5_000,
  peopleLookIntervalMs: 600_000,
};

/** Longer timers overflow in browsers and in Node, and fire at once. */
const MAX_TIMER_MS = 2_147_483_647;
/** A week; what is drawn around it must be no longer than a timer either. */
const MAX_LOOK_INTERVAL_MS = 7 * 24 * 60 * 60_000;

/** Throws `bad_config`. What is left out takes its default. */
export function checkPeopleSettings(settings: Partial<PeopleSettings>): void {
  const { deviceName, inviteUrl, rotateKeyAfterMs, peopleIntervalMs, peopleLookIntervalMs } =
    settings;
  if (deviceName !== undefined && !isName(deviceName, MAX_DEVICE_NAME_LENGTH)) {
    refuse(`deviceName is a string of 1 to ${String(MAX_DEVICE_NAME_LENGTH)} UTF-16 code units.`);
  }
  if (inviteUrl !== undefined && (!isText(inviteUrl) || inviteUrl.includes('#'))) {
    refuse('inviteUrl is an address without a fragment, which the invite itself becomes.');
  }
  requireMs('rotateKeyAfterMs', rotateKeyAfterMs, 0, Number.MAX_SAFE_INTEGER);
  requireMs('peopleIntervalMs', peopleIntervalMs, 0, MAX_TIMER_MS);
  requireMs('peopleLookIntervalMs', peopleLookIntervalMs, 1_000, MAX_LOOK_INTERVAL_MS);
}

function requireMs(name: string, value: number | undefined, min: number, max: number): void {
  if (value === undefined || (Number.isFinite(value) && value >= min && value <= max)) return;
  refuse(`${name} is a number of ms from ${String(min)} to ${String(max)}.`);
}

function refuse(message: string): never {
  throw new SealsyncError('bad_config', message);
}
