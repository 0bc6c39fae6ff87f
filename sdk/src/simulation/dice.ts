import type { Random } from '../ports/random.js';
import { createSeededRandom } from '../testing/seeded-random.js';

/**
 * Chance that a seed repeats. Every place that rolls has a stream of its own, so that leaving
 * out a step of a history changes as little as possible of what happens to the others.
 */
export class Dice {
  readonly random: Random;

  constructor(seed: number, stream: string) {
    this.random = createSeededRandom(mix(seed, stream));
    // The first numbers of neighbouring seeds are alike.
    this.random.fraction();
  }

  /** 0 to `limit` - 1. */
  upTo(limit: number): number {
    return Math.floor(this.random.fraction() * limit);
  }

  chance(probability: number): boolean {
    return this.random.fraction() < probability;
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.upTo(items.length)];
    if (item === undefined) throw new RangeError('There is nothing to pick from');
    return item;
  }

  /** Picks by weight; the weights need not add up to anything in particular. */
  weighted<K extends string>(weights: Readonly<Partial<Record<K, number>>>): K {
    const entries = Object.entries(weights) as [K, number][];
    let left = this.random.fraction() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [key, weight] of entries) {
      left -= weight;
      if (left < 0) return key;
    }
    throw new RangeError('Nothing has any weight');
  }
}

/** FNV-1a over the stream's name, from the seed. */
function mix(seed: number, stream: string): number {
  let hash = (0x811c9dc5 ^ Math.imul(seed, 0x9e3779b1)) >>> 0;
  for (let at = 0; at < stream.length; at += 1) {
    hash = Math.imul(hash ^ stream.charCodeAt(at), 0x01000193) >>> 0;
  }
  return hash;
}
