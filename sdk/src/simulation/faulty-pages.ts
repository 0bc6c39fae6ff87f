import type { StoredEntry } from '../ports/remote-log.js';
import type { Tampering } from '../testing/memory-log-faults.js';
import type { Dice } from './dice.js';
import type { FaultRates } from './plan.js';
import type { Tally } from './tally.js';

/** A server that shows damaged copies, leaves entries out, or withholds the end. */
export function createTampering(
  rates: () => FaultRates | undefined,
  dice: Dice,
  tally: Tally,
): Tampering {
  return (page) => {
    const { damagePage = 0, gapPage = 0, cutPage = 0 } = rates() ?? {};
    if (page.length > 0 && dice.chance(damagePage)) {
      tally.fault('page with a damaged entry');
      const damagedAt = dice.upTo(page.length);
      return page.map((entry, at) => (at === damagedAt ? damage(entry, dice) : entry));
    }
    if (page.length > 1 && dice.chance(gapPage)) {
      tally.fault('page with a gap');
      const leftOutAt = dice.upTo(page.length - 1);
      return page.filter((_, at) => at !== leftOutAt);
    }
    if (page.length > 1 && dice.chance(cutPage)) {
      tally.fault('page cut short');
      return page.slice(0, 1 + dice.upTo(page.length - 1));
    }
    return page;
  };
}

function damage(entry: StoredEntry, dice: Dice): StoredEntry {
  const frame = entry.frame.slice();
  const at = dice.upTo(frame.length);
  frame[at] = (frame[at] ?? 0) ^ (1 + dice.upTo(255));
  return { ...entry, frame };
}
