export interface PeopleSettings {
  /**
   * How old a budget's key may get, in ms, before an owner's device replaces it when it opens
   * the budget; 0 for never. Default 90 days.
   */
  readonly rotateKeyAfterMs: number;
  /** The shortest time between two looks at the people that signals may cause. Default 5,000. */
  readonly peopleIntervalMs: number;
  /**
   * Between two looks at the people, in ms, while no signaling connection is live to tell of
   * changes; each reads one document. Also the longest pause after a failed one. Default 600,000.
   */
  readonly peopleLookIntervalMs: number;
  /** What this device is called among the members, 1 to 64 characters; unnamed by default. */
  readonly deviceName?: string;
  /** The app's address for invite links, without a fragment; links are bare fragments without. */
  readonly inviteUrl?: string;
}

export const DEFAULT_PEOPLE_SETTINGS: PeopleSettings = {
  rotateKeyAfterMs: 90 * 24 * 60 * 60_000,
  peopleIntervalMs: 5_000,
  peopleLookIntervalMs: 600_000,
};
