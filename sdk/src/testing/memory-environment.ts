import { createMemoryBackend } from './memory-backend.js';
import { chunkKeyOf } from './memory-snapshot-rules.js';
import type { RemoteEnvironment } from './remote-log-fixture.js';
import { VirtualClock } from './virtual-clock.js';

/** The memory backend, as the suites of the ports use it. */
export function createMemoryEnvironment(): Promise<RemoteEnvironment> {
  const clock = new VirtualClock();
  const backend = createMemoryBackend({ clock });
  const uidOf = (name: string): string => `uid-${name}`;
  return Promise.resolve({
    uidOf,
    budgetFor: (name, budgetId, count) => backend.budgetFor(uidOf(name), budgetId, count),
    staleBudgetFor: (name, budgetId) => {
      backend.signedInRecently(uidOf(name), false);
      return backend.budgetFor(uidOf(name), budgetId);
    },
    listFor: (name, count) => backend.listFor(uidOf(name), count),
    nowMs: () => clock.now(),
    overwrite: (budgetId, change) => {
      backend.overwrite(budgetId, change);
    },
    expireInvite: (budgetId, inviteId) => {
      const invites = new Map(backend.inspect(budgetId)?.invites);
      const invite = invites.get(inviteId);
      if (!invite) throw new RangeError('The backend holds no invite of that id');
      invites.set(inviteId, { ...invite, expiresAt: clock.now() - 1000 });
      backend.overwrite(budgetId, { invites });
    },
    ageSnapshot: (budgetId, id, ageMs) => {
      const snapshots = new Map(backend.inspect(budgetId)?.snapshots);
      const snapshot = snapshots.get(id);
      if (!snapshot) throw new RangeError('The backend holds no snapshot of that id');
      snapshots.set(id, { ...snapshot, at: clock.now() - ageMs });
      backend.overwrite(budgetId, { snapshots });
    },
    loseChunk: (budgetId, id, at) => {
      const chunks = new Map(backend.inspect(budgetId)?.chunks);
      chunks.delete(chunkKeyOf(id, at));
      backend.overwrite(budgetId, { chunks });
    },
  });
}
