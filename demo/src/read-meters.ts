import { withEach, type Player } from './people/group.js';
import type { Meters } from './people/messages.js';
import type { Services } from './start-services.js';

/** All that Firestore and signaling were asked so far, also by the signaling server. */
export async function readMeters(
  people: readonly Player[],
  services: Pick<Services, 'readMembershipReads'>,
): Promise<Meters> {
  const meters = await withEach(people, ({ process }) => process.ask('readMeters', {}));
  const add = (name: keyof Meters['firestore']): number =>
    meters.reduce((sum, { firestore }) => sum + firestore[name], 0);
  return {
    firestore: {
      reads: add('reads') + services.readMembershipReads(),
      writes: add('writes'),
      deletes: add('deletes'),
      rulesReads: add('rulesReads'),
    },
    signals: {
      count: meters.reduce((sum, { signals }) => sum + signals.count, 0),
      maxBytes: Math.max(...meters.map(({ signals }) => signals.maxBytes)),
    },
  };
}
