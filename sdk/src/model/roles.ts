/** Owners manage people, editors write, viewers read. */
export type Role = 'owner' | 'editor' | 'viewer';

export const ROLES: readonly Role[] = ['owner', 'editor', 'viewer'];

export const mayWrite = (role: Role): boolean => role !== 'viewer';
