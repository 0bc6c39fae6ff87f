import { randomBytes } from 'node:crypto';
import { readEmulatorHosts } from '../setup/emulators.js';

export type Members = Readonly<Record<string, 'owner' | 'editor' | 'viewer'>>;

/** Writes a budget's own document past the rules; returns its id. */
export async function writeBudget(
  members: Members,
  budgetId: string = randomBytes(16).toString('hex'),
): Promise<string> {
  const roles = Object.entries(members).map(([uid, role]) => [uid, { stringValue: role }]);
  const one = { integerValue: '1' };
  const fields = {
    members: { mapValue: { fields: Object.fromEntries(roles) as unknown } },
    epoch: one,
    floor: { integerValue: '0' },
    v: one,
    rekey: { booleanValue: false },
    deleted: { booleanValue: false },
  };
  const { firestoreHost, projectId } = readEmulatorHosts();
  const response = await fetch(
    `http://${firestoreHost}/v1/projects/${projectId}/databases/(default)/documents/budgets/${budgetId}`,
    {
      method: 'PATCH',
      // The emulator's word for whoever is above the rules.
      headers: { authorization: 'Bearer owner', 'content-type': 'application/json' },
      body: JSON.stringify({ fields }),
    },
  );
  if (!response.ok) throw new Error(`could not write the budget: ${String(response.status)}`);
  return budgetId;
}
