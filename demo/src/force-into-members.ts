import type { Role } from '@sealsync/sdk';

export interface ForcedMember {
  readonly budgetId: string;
  readonly uid: string;
  readonly role: Role;
}

/**
 * What a project's administrator can do past all rules: names somebody a member in the
 * budget's document. The emulator takes the token `owner` for an administrator's.
 */
export async function forceIntoMembers(
  { projectId, host }: { readonly projectId: string; readonly host: string },
  { budgetId, uid, role }: ForcedMember,
): Promise<void> {
  const path = `projects/${projectId}/databases/(default)/documents/budgets/${budgetId}`;
  const mask = encodeURIComponent(`members.\`${uid}\``);
  const members = { mapValue: { fields: { [uid]: { stringValue: role } } } };
  const answer = await fetch(`http://${host}/v1/${path}?updateMask.fieldPaths=${mask}`, {
    method: 'PATCH',
    headers: { authorization: 'Bearer owner', 'content-type': 'application/json' },
    body: JSON.stringify({ fields: { members } }),
  });
  if (!answer.ok) throw new Error(`The emulator refused an administrator (${answer.status}).`);
}
