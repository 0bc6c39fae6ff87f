/*
 * Where a device keeps what it has confirmed. Names sort as their numbers do:
 * `entry/{seq}` is an entry, `checkpoint/{seq}/{n}` a part of what everything up to `seq`
 * comes to, `checkpoint/head` says which checkpoint counts, `keys/{kid}` is an epoch key,
 * `misstated/{seq}` a digest that is not what was folded.
 */

export const ENTRY_PREFIX = 'entry/';
export const CHECKPOINT_HEAD = 'checkpoint/head';
export const KEY_PREFIX = 'keys/';
export const MISSTATED_PREFIX = 'misstated/';

export const orderedName = (count: number): string => String(count).padStart(16, '0');
export const entryName = (seq: number): string => ENTRY_PREFIX + orderedName(seq);
export const misstatedName = (seq: number): string => MISSTATED_PREFIX + orderedName(seq);
export const chunkPrefix = (seq: number): string => `checkpoint/${orderedName(seq)}/`;
export const chunkName = (seq: number, index: number): string =>
  chunkPrefix(seq) + String(index).padStart(4, '0');
