import * as v from 'valibot';
import { err, ok } from '../result.js';
import type { Membership, MembershipQuery, MembershipReader, Role } from './membership-reader.js';

export interface FirestoreMembershipOptions {
  readonly projectId: string;
  /** `host:port` of a Firestore emulator, instead of production. */
  readonly emulatorHost?: string | undefined;
}

const roles: v.GenericSchema<unknown, Role> = v.picklist(['owner', 'editor', 'viewer']);
const budgetDocument = v.object({
  fields: v.object({
    members: v.object({
      mapValue: v.object({ fields: v.record(v.string(), v.object({ stringValue: roles })) }),
    }),
  }),
});

/**
 * Reads one entry of `budgets/{budgetId}.members` over Firestore's REST interface as
 * the user, so that the security rules decide what the server may see.
 */
export function createFirestoreMembershipReader(
  options: FirestoreMembershipOptions,
): MembershipReader {
  const origin = options.emulatorHost
    ? `http://${options.emulatorHost}`
    : 'https://firestore.googleapis.com';
  const budgets = `${origin}/v1/projects/${encodeURIComponent(options.projectId)}/databases/(default)/documents/budgets`;
  return {
    async read(query, signal) {
      try {
        const response = await fetch(`${budgets}/${query.budgetId}?${maskOf(query.uid)}`, {
          headers: { authorization: `Bearer ${query.token}` },
          redirect: 'error',
          signal,
        });
        const body: unknown = await response.json();
        return response.ok ? readRole(body, query) : refusalOf(response.status);
      } catch {
        // The network, the deadline, or an answer that is not Firestore's: never a statement about membership.
        return err('unavailable');
      }
    },
  };
}

/** Asks for the caller's own entry only: the server need not learn who else is a member. */
function maskOf(uid: string): string {
  const quoted = uid.replaceAll('\\', '\\\\').replaceAll('`', '\\`');
  return new URLSearchParams({ 'mask.fieldPaths': `members.\`${quoted}\`` }).toString();
}

function readRole(body: unknown, query: MembershipQuery): Membership {
  const parsed = v.safeParse(budgetDocument, body);
  if (!parsed.success) return err('forbidden');
  const members = parsed.output.fields.members.mapValue.fields;
  const entry = Object.hasOwn(members, query.uid) ? members[query.uid] : undefined;
  return entry ? ok({ role: entry.stringValue }) : err('forbidden');
}

function refusalOf(status: number): Membership {
  if (status === 403 || status === 404) return err('forbidden');
  return err(status === 401 ? 'unauthenticated' : 'unavailable');
}
