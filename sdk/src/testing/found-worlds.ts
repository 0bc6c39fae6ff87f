import type { OwnIdentities } from '../sync/own-identities.js';
import { SyncWorld, type SyncWorldOptions } from './sync-world.js';

export interface FoundWorlds {
  /** A world whose budget belongs to `ann` and is shared with `ben`, an editor, with keys of his own or `bens`. */
  found(options?: SyncWorldOptions, bens?: OwnIdentities): Promise<SyncWorld>;
  /** Closes all of them; throws if one left a timer behind. */
  closeAll(): Promise<void>;
}

export function foundWorlds(): FoundWorlds {
  const worlds: SyncWorld[] = [];
  return {
    found: async (options, bens) => {
      const world = new SyncWorld(options);
      if (bens) world.setIdentities(bens);
      worlds.push(world);
      await world.found('ann', 'ben');
      return world;
    },
    closeAll: async () => {
      for (const world of worlds.splice(0)) {
        await world.close();
        // Calls that were given up are still on their way; nothing else may be left.
        await world.clock.advance(60_000);
        const left = world.clock.pendingTimers;
        if (left > 0)
          throw new Error(`${String(left)} timers are left after everything was closed`);
      }
    },
  };
}
