import { describe, expect, it } from 'vitest';
import { createMemoryBackend } from './memory-backend.js';
import { describeRemoteLog } from './remote-log-contract.js';
import { VirtualClock } from './virtual-clock.js';

describeRemoteLog({ describe, it, expect }, 'in memory', async () => {
  const clock = new VirtualClock();
  const backend = createMemoryBackend({ clock });
  return {
    uidOf: (name) => `uid-${name}`,
    logFor: (name, budgetId, count) => backend.logFor(`uid-${name}`, budgetId, count),
    nowMs: () => clock.now(),
    overwrite: (budgetId, change) => backend.overwrite(budgetId, change),
  };
});
